#include <algorithm>

#include "paddle/math/cuda/gemm.h"
#include "paddle/op/registry.h"
#include "paddle/ops/linalg/mul.h"

namespace paddle {
namespace {

using cuda::PreparedGemm;

PreparedGemm PrepareMul(const CudaContext& context, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  return {context, s.dtype, {.m = s.m, .n = s.n, .k = s.k}};
}

void Mul(const CudaContext& context, const MulAttrs&, PreparedGemm& product, Scratch scratch, const Tensor& x,
         const Tensor& y, Tensor& out) {
  VisitFloat(x.dtype(),
             [&]<class T>() { product.Run(context, x.data<T>(), y.data<T>(), out.mutable_data<T>(), scratch.data); });
}

struct MulGradState {
  PreparedGemm x, y;
  size_t scratch_bytes() const { return std::max(x.scratch_bytes(), y.scratch_bytes()); }
};

// dX = dOut Y', dY = X' dOut
MulGradState PrepareMulGrad(const CudaContext& context, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  MulGradState state;
  if (metas.HasOut("X@GRAD")) state.x = {context, s.dtype, {.m = s.m, .n = s.k, .k = s.n, .trans_b = true}};
  if (metas.HasOut("Y@GRAD")) state.y = {context, s.dtype, {.m = s.k, .n = s.n, .k = s.m, .trans_a = true}};
  return state;
}

void MulGrad(const CudaContext& context, const MulAttrs&, MulGradState& state, Scratch scratch, const Tensor& x,
             const Tensor& y, const Tensor& d_out, Tensor* dx, Tensor* dy) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T* d = d_out.data<T>();
    if (dx) state.x.Run(context, d, y.data<T>(), dx->mutable_data<T>(), scratch.data);
    if (dy) state.y.Run(context, x.data<T>(), d, dy->mutable_data<T>(), scratch.data);
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("mul", PrepareMul, Mul),
    RegisterKernel("mul_grad", PrepareMulGrad, MulGrad),
};

}  // namespace
}  // namespace paddle
