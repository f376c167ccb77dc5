#include "paddle/tensor/transfer.h"

#include <mutex>

#include "paddle/device/device.h"

namespace paddle {
namespace {

bool TensorIsElsewhere(const Tensor& tensor, Place place) { return tensor.initialized() && tensor.place() != place; }

// A context that sees what was done on its device before.
class Session {
 public:
  explicit Session(Place place) : context_(MakeContext(place)) { context_->BeginRun(); }
  ~Session() { context_->EndRun(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const DeviceContext& operator*() const { return *context_; }

 private:
  std::unique_ptr<DeviceContext> context_;
};

void MoveTensor(Place place, Tensor* tensor) {
  if (!TensorIsElsewhere(*tensor, place)) return;
  if (!place.is_cpu() && !tensor->place().is_cpu()) MoveTensor({}, tensor);  // from device to device by way of the host
  const Session device(place.is_cpu() ? tensor->place() : place);
  Allocator& allocator = place.is_cpu() ? SystemAllocator() : (*device).system();
  *tensor = CopyTo(place, *tensor, allocator, *device);
  (*device).Synchronize();
}

}  // namespace

Tensor CopyTo(Place to, const Tensor& from, Allocator& allocator, const DeviceContext& device) {
  if (!TensorIsElsewhere(from, to)) return from;
  Tensor copy;
  copy.meta() = from.meta();
  copy.Allocate(allocator);
  if (to.is_cpu())
    device.CopyToHost(copy.mutable_raw(), from.raw(), from.bytes());
  else
    device.CopyFromHost(copy.mutable_raw(), from.raw(), from.bytes());
  return copy;
}

Tensor OnHost(const Tensor& tensor) {
  if (!TensorIsElsewhere(tensor, {})) return tensor;
  const Session device(tensor.place());
  return CopyTo({}, tensor, CachingAllocator(), *device);
}

bool IsElsewhere(const Variable& variable, Place place) {
  if (variable.holds<Tensor>()) return TensorIsElsewhere(variable.get<Tensor>(), place);
  if (variable.holds<SelectedRows>()) return TensorIsElsewhere(variable.get<SelectedRows>().value, place);
  if (variable.holds<TensorArray>())
    for (const Tensor& item : variable.get<TensorArray>().items)
      if (TensorIsElsewhere(item, place)) return true;
  return false;
}

void MoveTo(Place place, Variable* variable) {
  static std::mutex mutex;
  std::scoped_lock lock(mutex);
  if (variable->holds<Tensor>()) MoveTensor(place, &variable->get<Tensor>());
  if (variable->holds<SelectedRows>()) MoveTensor(place, &variable->get<SelectedRows>().value);
  if (variable->holds<TensorArray>())
    for (Tensor& item : variable->get<TensorArray>().items) MoveTensor(place, &item);
}

}  // namespace paddle
