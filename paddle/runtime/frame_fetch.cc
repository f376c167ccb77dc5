// What a frame hands out, and the check for what it should not.

#include <cmath>

#include "paddle/runtime/frame.h"
#include "paddle/runtime/iteration.h"
#include "paddle/tensor/transfer.h"

namespace paddle {

namespace {

template <class T>
int64_t FirstNonFinite(const Tensor& tensor) {
  const T* data = tensor.data<T>();
  for (int64_t k = 0; k < tensor.numel(); ++k)
    if (!std::isfinite(static_cast<float>(data[k])) && !std::isfinite(static_cast<double>(data[k]))) return k;
  return -1;
}

int64_t FirstNonFinite(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return FirstNonFinite<float>(tensor);
    case DType::kFloat64:
      return FirstNonFinite<double>(tensor);
    case DType::kFloat16:
      return FirstNonFinite<Float16>(tensor);
    case DType::kBFloat16:
      return FirstNonFinite<BFloat16>(tensor);
    default:
      return -1;
  }
}

}  // namespace

void Frame::CheckNanInf(int i) const {
  const Instruction& instruction = plan_->instructions[i];
  for (size_t arg = instruction.inputs; arg < instruction.values.size(); ++arg) {
    const Tensor* tensor = steps_[i].tensors[arg];
    if (!tensor || !tensor->initialized()) continue;
    const int64_t at = IsFloating(tensor->dtype()) ? FirstNonFinite(OnHost(*tensor)) : -1;
    if (at >= 0)
      throw Error(StrCat("FLAGS_check_nan_inf: '", plan_->values[instruction.values[arg]].name,
                         "' has a NaN or infinity, first at element ", at));
  }
}

// A copy on the host that belongs to the caller.
Tensor Frame::CopyOut(const Tensor& from) const {
  Tensor copy;
  copy.meta() = from.meta();
  if (!from.initialized()) return copy;  // an array may have items without a value
  copy.Allocate(CachingAllocator());
  ContextOf(from.place().is_cpu()).CopyToHost(copy.mutable_raw(), from.raw(), from.bytes());
  return copy;
}

Variable Frame::CopyOut(const Variable& from, const std::string& name) const {
  Variable copy;
  copy.BecomeKind(from.kind());
  if (from.holds<Tensor>()) {
    copy.get<Tensor>() = CopyOut(from.get<Tensor>());
  } else if (from.holds<SelectedRows>()) {
    auto& to = copy.get<SelectedRows>();
    to.meta = from.get<SelectedRows>().meta;
    to.rows = from.get<SelectedRows>().rows;
    to.value = CopyOut(from.get<SelectedRows>().value);
  } else if (from.holds<TensorArray>()) {
    auto& to = copy.get<TensorArray>();
    to.meta = from.get<TensorArray>().meta;
    for (const Tensor& item : from.get<TensorArray>().items) to.items.push_back(CopyOut(item));
  } else {
    throw InvalidArgument(StrCat("variable '", name, "' is a ", from.kind(), ", which cannot be fetched"));
  }
  return copy;
}

Variable* Frame::FindKept(const std::string& name) {
  const auto found = plan_->kept.find(name);
  return found == plan_->kept.end() ? nullptr : &values_[found->second];
}

const Variable* Frame::FindFetched(const std::string& name) const {
  const auto found = fetched_.find(name);
  return found != fetched_.end() && found->second.initialized() ? &found->second : nullptr;
}

// After each run of a block: the next one may not come to compute the same.
void Frame::KeepFetched(const Instruction& instruction, Iteration& run) {
  for (const auto& name : instruction.fetched)
    if (const Variable* made = run.Fetched(name)) fetched_[name] = CopyOut(*made, name);
}

Variable Frame::Fetch(int i) {
  const int value = plan_->fetch_values[i];
  const Variable* from = value < 0 ? FindFetched(plan_->fetches[i]) : VariableOf(value);
  if (!from || !from->initialized())
    throw InvalidArgument(StrCat("variable '", plan_->fetches[i],
                                 "' cannot be fetched: it holds no value after the run",
                                 value < 0 ? ", in which no block computed it" : ""));
  return CopyOut(*from, plan_->fetches[i]);
}

}  // namespace paddle
