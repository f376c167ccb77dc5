// The gradients of activation gradient ops on the GPU.
#include "paddle/math/cuda/launch.h"
#include "paddle/ops/activation/double_grad.h"

namespace paddle {
namespace {

template <class F, class T>
void MapSlope(const CudaContext& context, F f, const Tensor& out, const Tensor& ddx, Tensor* ddout) {
  const T *o = out.data<T>(), *d = ddx.data<T>();
  T* to = ddout->mutable_data<T>();
  cuda::ForEach(context, ddx.numel(), [=] __device__(int64_t i) { to[i] = f.Grad(o[i], d[i]); });
}

template <class F>
void PiecewiseLinear(const CudaContext& context, const F& f, const Tensor& ddx, const Tensor& out, Tensor* ddout) {
  if (ddout) VisitFloat(ddx.dtype(), [&]<class T>() { MapSlope<F, T>(context, f, out, ddx, ddout); });
}

template <class F, class T>
void MapCurved(const CudaContext& context, F f, const Tensor& ddx, const Tensor& dout, const Tensor& x, Tensor* ddout,
               Tensor* dx) {
  T *pddout = ddout ? ddout->mutable_data<T>() : nullptr, *pdx = dx ? dx->mutable_data<T>() : nullptr;
  const T *px = x.data<T>(), *pdout = dout.data<T>(), *pddx = ddx.data<T>();
  cuda::ForEach(context, ddx.numel(), [=] __device__(int64_t i) {
    const T curvature = Second(f, px[i], pdout[i] * pddx[i]), slope = f.Grad(px[i], pddx[i]);
    if (pdx) pdx[i] = curvature;
    if (pddout) pddout[i] = slope;
  });
}

template <class F>
void Curved(const CudaContext& context, const F& f, const Tensor& ddx, const Tensor& dout, const Tensor& x,
            Tensor* ddout, Tensor* dx) {
  VisitFloat(ddx.dtype(), [&]<class T>() { MapCurved<F, T>(context, f, ddx, dout, x, ddout, dx); });
}

template <class T>
void MapSqrt(const CudaContext& context, const Tensor& ddx, const Tensor& dx, const Tensor& out, Tensor* ddout,
             Tensor* dout) {
  T *pddout = ddout ? ddout->mutable_data<T>() : nullptr, *pdout = dout ? dout->mutable_data<T>() : nullptr;
  const T *pdx = dx.data<T>(), *pout = out.data<T>(), *pddx = ddx.data<T>();
  cuda::ForEach(context, ddx.numel(), [=] __device__(int64_t i) {
    const auto grads = SqrtGradGrads(pddx[i], pdx[i], pout[i]);
    if (pdout) pdout[i] = grads.dout;
    if (pddout) pddout[i] = grads.ddout;
  });
}

void Sqrt(const CudaContext& context, const PlainSqrt&, const Tensor& ddx, const Tensor& dx, const Tensor& out,
          Tensor* ddout, Tensor* dout) {
  VisitFloat(ddx.dtype(), [&]<class T>() { MapSqrt<T>(context, ddx, dx, out, ddout, dout); });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("relu_grad_grad", PiecewiseLinear<PlainActivation<math::Relu>>),
    RegisterKernel("leaky_relu_grad_grad", PiecewiseLinear<LeakyReluAttrs>),
    RegisterKernel("square_grad_grad", Curved<PlainSquare>),
    RegisterKernel("elu_grad_grad", Curved<EluAttrs>),
    RegisterKernel("sqrt_grad_grad", Sqrt),
};

}  // namespace
}  // namespace paddle
