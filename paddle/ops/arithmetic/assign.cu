#include <algorithm>

#include "paddle/math/cuda/copy.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Dense(const CudaContext& context, const NoAttrs&, const Tensor* x, Tensor& out) {
  cuda::CopyElements(context, *x, &out);
}

void Sparse(const CudaContext& context, const NoAttrs&, const SelectedRows* x, SelectedRows& out) {
  if (x == &out) return;
  out.Allocate(static_cast<int64_t>(x->rows.size()), context.allocator());
  std::copy(x->rows.begin(), x->rows.end(), out.rows.begin());
  cuda::CopyElements(context, x->value, &out.value);
}

void Array(const CudaContext& context, const NoAttrs&, const TensorArray* x, TensorArray& out) {
  if (x == &out) return;
  out.items.resize(x->items.size());
  for (size_t i = 0; i < x->items.size(); ++i) {
    const Tensor& from = x->items[i];
    Tensor fresh;
    if (from.initialized()) {
      fresh.meta() = from.meta();
      fresh.Allocate(context.allocator());
      cuda::CopyElements(context, from, &fresh);
    }
    out.items[i] = std::move(fresh);
  }
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("assign", Dense),
    RegisterKernel("assign", Sparse),
    RegisterKernel("assign", Array),
};

}  // namespace
}  // namespace paddle
