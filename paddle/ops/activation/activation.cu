// The activations on the GPU, from the functions that the CPU uses.
#include "paddle/math/cuda/launch.h"
#include "paddle/op/registry.h"
#include "paddle/ops/activation/activation.h"

namespace paddle {
namespace {

using math::Saved;

template <class F>
using Plain = PlainActivation<F>;

template <class F, class T>
void Map(const CudaContext& context, F f, const Tensor& x, Tensor* out) {
  const T* from = x.data<T>();
  T* to = out->mutable_data<T>();
  cuda::ForEach(context, x.numel(), [=] __device__(int64_t i) { to[i] = f(from[i]); });
}

template <class F>
void Forward(const CudaContext& context, const F& f, const Tensor& x, Tensor& out) {
  VisitTypes<F>(x.dtype(), [&]<class T>() { Map<F, T>(context, f, x, &out); });
}

template <class F, class T>
void MapGrad(const CudaContext& context, F f, const Tensor& saved, const Tensor& dout, Tensor* dx) {
  const T *s = saved.data<T>(), *d = dout.data<T>();
  T* to = dx->mutable_data<T>();
  cuda::ForEach(context, dout.numel(), [=] __device__(int64_t i) { to[i] = f.Grad(s[i], d[i]); });
}

template <class F>
void Backward(const CudaContext& context, const F& f, const Tensor& saved, const Tensor& dout, Tensor* dx) {
  if (dx) VisitTypes<F>(dout.dtype(), [&]<class T>() { MapGrad<F, T>(context, f, saved, dout, dx); });
}

template <class F>
void BackwardFromX(const CudaContext& context, const F& f, const Tensor& dout, const Tensor& x, Tensor* dx) {
  Backward(context, f, x, dout, dx);
}
template <class F>
void BackwardFromOut(const CudaContext& context, const F& f, const Tensor& out, const Tensor& dout, Tensor* dx) {
  Backward(context, f, out, dout, dx);
}
template <class F>
void BackwardZero(const CudaContext& context, const F&, const Tensor&, Tensor* dx) {
  if (dx) context.SetZero(dx->mutable_raw(), dx->bytes());
}

template <class F>
Registered Activation(std::string_view name, std::string_view grad_name) {
  RegisterKernel(name, Forward<F>);
  if constexpr (F::kSaved == Saved::kX)
    return RegisterKernel(grad_name, BackwardFromX<F>);
  else if constexpr (F::kSaved == Saved::kOut)
    return RegisterKernel(grad_name, BackwardFromOut<F>);
  else
    return RegisterKernel(grad_name, BackwardZero<F>);
}

[[maybe_unused]] const Registered kActivations[] = {
    Activation<Plain<math::Relu>>("relu", "relu_grad"),
    Activation<Plain<math::SigmoidFn>>("sigmoid", "sigmoid_grad"),
    Activation<Plain<math::LogSigmoid>>("logsigmoid", "logsigmoid_grad"),
    Activation<Plain<math::ExpFn>>("exp", "exp_grad"),
    Activation<Plain<math::TanhFn>>("tanh", "tanh_grad"),
    Activation<Plain<math::TanhShrink>>("tanh_shrink", "tanh_shrink_grad"),
    Activation<SoftShrink>("softshrink", "softshrink_grad"),
    Activation<HardShrink>("hard_shrink", "hard_shrink_grad"),
    Activation<Plain<math::SqrtFn>>("sqrt", "sqrt_grad"),
    Activation<Plain<math::Rsqrt>>("rsqrt", "rsqrt_grad"),
    Activation<Plain<math::AbsFn>>("abs", "abs_grad"),
    Activation<Plain<math::Ceil>>("ceil", "ceil_grad"),
    Activation<Plain<math::Floor>>("floor", "floor_grad"),
    Activation<Plain<math::Round>>("round", "round_grad"),
    Activation<Plain<math::Cos>>("cos", "cos_grad"),
    Activation<Plain<math::Sin>>("sin", "sin_grad"),
    Activation<Plain<math::Acos>>("acos", "acos_grad"),
    Activation<Plain<math::Asin>>("asin", "asin_grad"),
    Activation<Plain<math::Atan>>("atan", "atan_grad"),
    Activation<Plain<math::Reciprocal>>("reciprocal", "reciprocal_grad"),
    Activation<Plain<math::LogFn>>("log", "log_grad"),
    Activation<Plain<math::Log1pFn>>("log1p", "log1p_grad"),
    Activation<Plain<math::Square>>("square", "square_grad"),
    Activation<Plain<math::SoftplusFn>>("softplus", "softplus_grad"),
    Activation<Plain<math::Softsign>>("softsign", "softsign_grad"),
    Activation<Plain<math::ErfFn>>("erf", "erf_grad"),
    Activation<BoundedRelu>("brelu", "brelu_grad"),
    Activation<LeakyReluAttrs>("leaky_relu", "leaky_relu_grad"),
    Activation<SoftRelu>("soft_relu", "soft_relu_grad"),
    Activation<EluAttrs>("elu", "elu_grad"),
    Activation<Selu>("selu", "selu_grad"),
    Activation<Relu6>("relu6", "relu6_grad"),
    Activation<ScaledTanh>("stanh", "stanh_grad"),
    Activation<ThresholdedRelu>("thresholded_relu", "thresholded_relu_grad"),
    Activation<HardSigmoid>("hard_sigmoid", "hard_sigmoid_grad"),
    Activation<Swish>("swish", "swish_grad"),
    Activation<HardSwish>("hard_swish", "hard_swish_grad"),
    Activation<Gelu>("gelu", "gelu_grad"),
    Activation<Mish>("mish", "mish_grad"),
};

}  // namespace
}  // namespace paddle
