// sequence_enumerate: windows over sequences of ids.
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct EnumerateAttrs {
  int32_t win_size = 0, pad_value = 0;

  static auto Fields() {
    using A = EnumerateAttrs;
    return std::tuple{Field{"win_size", &A::win_size, "How many ids a window has, 1 at least.", Presence::kRequired},
                      Field{"pad_value", &A::pad_value, "Stands for the ids behind the end of a sequence."}};
  }
};

void Infer(const EnumerateAttrs& attrs, InferContext& context) {
  Require(attrs.win_size >= 1, "win_size is ", attrs.win_size, "; expected 1 at least");
  CheckColumnOfIds(context);
  const TensorMeta& x = context.In("X");
  context.SetOut("Out", {x.dims[0], attrs.win_size}, x.dtype);
  context.ShareLod("X", "Out");
}

void Run(const CpuContext&, const EnumerateAttrs& attrs, const Tensor& x, Tensor& out) {
  VisitIndex(x.dtype(), [&]<class Id>() {
    const Id* ids = x.data<Id>();
    Id* windows = out.mutable_data<Id>();
    const int64_t size = attrs.win_size;
    ForRows(x.lod(), size, [=](int64_t row, int64_t, int64_t, int64_t end) {
      const int64_t inside = std::min(size, end - row);
      Id* rest = std::copy_n(ids + row, inside, windows + row * size);
      std::fill_n(rest, size - inside, static_cast<Id>(attrs.pad_value));
    });
  });
}

const Registered kOp = RegisterOp<EnumerateAttrs>({
    .name = "sequence_enumerate",
    .doc = "For each id it and the win_size - 1 ids behind it in its sequence.",
    .inputs = {{"X", "LoDTensor [rows, 1] of int32 or int64 ids.", kNoGradient}},
    .outputs = {{"Out", "[rows, win_size], grouped as X."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("sequence_enumerate", Run);

}  // namespace
}  // namespace paddle
