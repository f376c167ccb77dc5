#include "paddle/runtime/copy.h"

#include "paddle/tensor/transfer.h"

namespace paddle {
namespace {

void Infer(const void*, InferContext& context) {
  context.CopyMeta("X", "Out");
  if (TensorMeta* out = context.MutableOut("Out")) out->kind = context.In("X").kind;
}

void Copy(const KernelCall& call, bool to_host) {
  const auto& x = *static_cast<const Variable*>(call.args[0]);
  auto& out = *static_cast<Variable*>(call.args[1]);
  const DeviceContext& device = *call.context;
  const Place place = to_host ? Place{} : device.place();
  Allocator& allocator = to_host ? CachingAllocator() : device.allocator();
  if (x.holds<Tensor>()) {  // the frame made room
    const Tensor& from = x.get<Tensor>();
    std::byte* to = out.get<Tensor>().mutable_raw();
    if (to_host)
      device.CopyToHost(to, from.raw(), from.bytes());
    else
      device.CopyFromHost(to, from.raw(), from.bytes());
  } else if (x.holds<SelectedRows>()) {
    auto& rows = out.get<SelectedRows>();
    rows.meta = x.get<SelectedRows>().meta;
    rows.rows = x.get<SelectedRows>().rows;
    rows.value = CopyTo(place, x.get<SelectedRows>().value, allocator, device);
  } else {
    auto& array = out.get<TensorArray>();
    array.meta = x.get<TensorArray>().meta;
    array.items.clear();
    for (const Tensor& item : x.get<TensorArray>().items) array.items.push_back(CopyTo(place, item, allocator, device));
  }
}

Kernel MakeCopyKernel(bool to_host) {
  Kernel kernel;
  kernel.args = {{ArgKind::kAny, false, false, false}, {ArgKind::kAny, true, false, false}};
  kernel.run = [to_host](const KernelCall& call) { Copy(call, to_host); };
  return kernel;
}

}  // namespace

const OpDef& CopyDef() {
  static const OpDef& def = *[] {
    auto* made = new OpDef;
    made->name = "copy between host and device";
    made->inputs = {{"X", "The value."}};
    made->outputs = {{"Out", "The same on the other side."}};
    made->infer = Infer;
    return made;
  }();
  return def;
}

const Kernel& CopyKernel(bool to_host) {
  static const auto* to = new Kernel(MakeCopyKernel(true));
  static const auto* from = new Kernel(MakeCopyKernel(false));
  return to_host ? *to : *from;
}

}  // namespace paddle
