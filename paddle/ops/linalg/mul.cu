#include <algorithm>

#include "paddle/math/cuda/gemm.h"
#include "paddle/op/registry.h"
#include "paddle/ops/linalg/mul.h"

namespace paddle {
namespace {

using cuda::PreparedGemm;

PreparedGemm PrepareMul(const CudaContext& context, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  return {context, s.dtype, OutShape(s)};
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

MulGradState PrepareMulGrad(const CudaContext& context, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  MulGradState state;
  if (metas.HasOut("X@GRAD")) state.x = {context, s.dtype, XGradShape(s)};
  if (metas.HasOut("Y@GRAD")) state.y = {context, s.dtype, YGradShape(s)};
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

struct MulGradGradState {
  PreparedGemm x, y, out, out_more;
  size_t scratch_bytes() const {
    return std::max({x.scratch_bytes(), y.scratch_bytes(), out.scratch_bytes(), out_more.scratch_bytes()});
  }
};

MulGradGradState PrepareMulGradGrad(const CudaContext& context, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  return {{context, s.dtype, XGradShape(s)},
          {context, s.dtype, YGradShape(s)},
          {context, s.dtype, OutShape(s)},
          {context, s.dtype, OutShape(s), 1, 1}};
}

void Zero(const CudaContext& context, Tensor* tensor) { context.SetZero(tensor->mutable_raw(), tensor->bytes()); }

void MulGradGrad(const CudaContext& context, const MulAttrs&, MulGradGradState& state, Scratch scratch, const Tensor& x,
                 const Tensor& y, const Tensor& d_out, const Tensor* ddx, const Tensor* ddy, Tensor* dx, Tensor* dy,
                 Tensor* dd_out) {
  if (dx && !ddy) Zero(context, dx);
  if (dy && !ddx) Zero(context, dy);
  if (dd_out && !ddx && !ddy) Zero(context, dd_out);
  VisitFloat(x.dtype(), [&]<class T>() {
    const auto run = [&](const PreparedGemm& product, const Tensor& a, const Tensor& b, Tensor* c) {
      product.Run(context, a.data<T>(), b.data<T>(), c->mutable_data<T>(), scratch.data);
    };
    if (dx && ddy) run(state.x, d_out, *ddy, dx);
    if (dy && ddx) run(state.y, *ddx, d_out, dy);
    if (dd_out && ddx) run(state.out, *ddx, y, dd_out);
    if (dd_out && ddy) run(ddx ? state.out_more : state.out, x, *ddy, dd_out);
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("mul", PrepareMul, Mul),
    RegisterKernel("mul_grad", PrepareMulGrad, MulGrad),
    RegisterKernel("mul_grad_grad", PrepareMulGradGrad, MulGradGrad),
};

}  // namespace
}  // namespace paddle
