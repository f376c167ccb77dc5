#include "paddle/tensor/variable.h"

namespace paddle {

void SelectedRows::CheckRows() const {
  const int64_t there = value.initialized() && value.rank() > 0 ? value.dim(0) : 0;
  Require(static_cast<int64_t>(rows.size()) == there, "SelectedRows name ", rows.size(), " rows, but their value has ",
          there, "; set_rows and the tensor of get_tensor must agree");
}

void SelectedRows::Allocate(int64_t count, Allocator& allocator) {
  Dims dims = meta.dims;
  Ensure(dims.rank() >= 1, "SelectedRows without a shape");
  dims[0] = count;
  rows.resize(count);
  value.Allocate(dims, meta.dtype, allocator);
}

namespace {

struct MetaOf {
  TensorMeta& operator()(Tensor& tensor) const { return tensor.meta(); }
  template <class T>
  TensorMeta& operator()(T& other) const {
    return other.meta;
  }
};

}  // namespace

TensorMeta& Variable::meta() { return std::visit(MetaOf{}, value_); }
const TensorMeta& Variable::meta() const { return const_cast<Variable*>(this)->meta(); }

void Variable::BecomeKind(VarKind kind) {
  switch (kind) {
    case VarKind::kTensor:
      Become<Tensor>();
      break;
    case VarKind::kSelectedRows:
      Become<SelectedRows>();
      break;
    case VarKind::kTensorArray:
      Become<TensorArray>();
      break;
    default:
      Become<Opaque>().meta.kind = kind;
  }
}

bool Variable::initialized() const {
  if (const auto* tensor = std::get_if<Tensor>(&value_)) return tensor->initialized();
  if (const auto* rows = std::get_if<SelectedRows>(&value_)) return rows->value.initialized();
  if (const auto* opaque = std::get_if<Opaque>(&value_)) return opaque->value.has_value();
  return true;
}

void Variable::Release() {
  if (auto* tensor = std::get_if<Tensor>(&value_)) tensor->Release();
  if (auto* rows = std::get_if<SelectedRows>(&value_)) rows->value.Release();
  if (auto* array = std::get_if<TensorArray>(&value_)) array->items.clear();
  if (auto* opaque = std::get_if<Opaque>(&value_)) opaque->value.reset();
}

void* Variable::address() {
  return std::visit([](auto& held) -> void* { return &held; }, value_);
}

void Variable::ThrowKind() const {
  throw InvalidArgument(StrCat("the variable holds a ", kind(), ", which is not taken here"));
}

}  // namespace paddle
