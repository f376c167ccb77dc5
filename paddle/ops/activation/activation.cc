// Every activation that is a function of one element, with its gradient: one line each in the table at the end.

#include "paddle/math/activation.h"

#include <algorithm>

#include "paddle/math/map_kept.h"
#include "paddle/op/float_types.h"
#include "paddle/ops/activation/activation.h"
#include "paddle/ops/activation/double_grad.h"

namespace paddle {
namespace {

using math::Saved;

template <class F>
using Plain = PlainActivation<F>;

// Those that stand between the products of nets in mixed precision.
template <class F>
constexpr bool kTakesBFloat16 =
    std::is_base_of_v<math::Relu, F> || std::is_base_of_v<math::SigmoidFn, F> || std::is_base_of_v<math::TanhFn, F>;

template <class F, class Visit>
void VisitCpuTypes(DType dtype, Visit&& visit) {
  if constexpr (kTakesBFloat16<F>)
    VisitMixedFloat(dtype, visit);
  else
    VisitTypes<F>(dtype, visit);
}

template <class F>
void Infer(const F&, InferContext& context) {
  context.CheckDType("X", kTakesIntegers<F> ? kNumbers : kTakesBFloat16<F> ? kMixedFloats : kFloats);
  context.CopyMeta("X", "Out");
}

template <class F>
void InferGrad(const F&, InferContext& context) {
  if (F::kSaved != Saved::kNothing) {
    constexpr std::string_view kSlot = F::kSaved == Saved::kX ? "X" : "Out";
    context.CheckSameDType(kSlot, "Out@GRAD");
    const Dims &saved = context.In(kSlot).dims, &dout = context.In("Out@GRAD").dims;
    Require(SizesAgree(saved.numel(), dout.numel()), "input ", kSlot, " has shape ", saved, ", but Out@GRAD ", dout);
  }
  context.CopyMeta("Out@GRAD", "X@GRAD");
}

template <class F>
void Forward(const CpuContext&, const F& f, const Tensor& x, Tensor& out) {
  VisitCpuTypes<F>(x.dtype(), [&]<class T>() {
    math::MapKept(f, out.mutable_data<T>(), x.numel(), math::kCostlyGrain, x.data<T>());
  });
}

template <class F>
void Backward(const F& f, const Tensor& saved, const Tensor& dout, Tensor* dx) {
  if (!dx) return;
  VisitCpuTypes<F>(dout.dtype(), [&]<class T>() {
    const auto grad = [f](Computed<T> s, Computed<T> d) { return f.Grad(s, d); };
    math::MapKept(grad, dx->mutable_data<T>(), dout.numel(), math::kCostlyGrain, saved.data<T>(), dout.data<T>());
  });
}

// The gradient ops' slots stand in the order of their names.
template <class F>
void BackwardFromX(const CpuContext&, const F& f, const Tensor& dout, const Tensor& x, Tensor* dx) {
  Backward(f, x, dout, dx);
}
template <class F>
void BackwardFromOut(const CpuContext&, const F& f, const Tensor& out, const Tensor& dout, Tensor* dx) {
  Backward(f, out, dout, dx);
}
template <class F>
void BackwardZero(const CpuContext&, const F&, const Tensor&, Tensor* dx) {
  if (dx) std::fill_n(dx->mutable_raw(), dx->bytes(), std::byte{0});
}

constexpr std::string_view kGradDoc =
    "The gradient of the op of the same name without _grad, from Out's gradient and what the slots say.";

template <class F>
Registered RegisterGrad(std::string_view name, void (*grad)(const F&, GradContext&)) {
  const SlotSpec dout{"Out@GRAD", "Gradient of Out."}, dx{"X@GRAD", "Gradient of X.", kOptional};
  OpSpec<F> spec{.name = name,
                 .doc = kGradDoc,
                 .inputs = {dout},
                 .outputs = {dx},
                 .infer = InferGrad<F>,
                 .grad = grad,
                 .may_share = {{"X@GRAD", "Out@GRAD"}}};
  if constexpr (F::kSaved == Saved::kX) {
    spec.inputs = {dout, {"X", "Input of the op.", kFlat}};
    spec.may_share.push_back({"X@GRAD", "X"});
    RegisterKernel(name, BackwardFromX<F>);
  } else if constexpr (F::kSaved == Saved::kOut) {
    spec.inputs = {{"Out", "Output of the op.", kFlat}, dout};
    spec.may_share.push_back({"X@GRAD", "Out"});
    RegisterKernel(name, BackwardFromOut<F>);
  } else {
    RegisterKernel(name, BackwardZero<F>);
  }
  return RegisterOp(spec);
}

// An activation and its gradient. `grad` writes the gradient of the gradient op, where there is one.
template <class F>
Registered Activation(std::string_view name, std::string_view grad_name, std::string_view doc,
                      void (*grad)(const F&, GradContext&) = nullptr) {
  RegisterOp<F>({.name = name,
                 .doc = doc,
                 .inputs = {{"X", "Tensor of any shape."}},
                 .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                 .infer = Infer<F>,
                 .may_share = {{"Out", "X"}}});
  RegisterKernel(name, Forward<F>);
  return RegisterGrad<F>(grad_name, grad);
}

[[maybe_unused]] const Registered kActivations[] = {
    Activation<Plain<math::Relu>>("relu", "relu_grad", "Out = max(X, 0).", GradOfPiecewiseLinear<Plain<math::Relu>>),
    Activation<Plain<math::SigmoidFn>>("sigmoid", "sigmoid_grad", "Out = 1 / (1 + exp(-X))."),
    Activation<Plain<math::LogSigmoid>>("logsigmoid", "logsigmoid_grad", "Out = log(1 / (1 + exp(-X)))."),
    Activation<Plain<math::ExpFn>>("exp", "exp_grad", "Out = e ^ X."),
    Activation<Plain<math::TanhFn>>("tanh", "tanh_grad", "Out = tanh(X)."),
    Activation<Plain<math::TanhShrink>>("tanh_shrink", "tanh_shrink_grad", "Out = X - tanh(X)."),
    Activation<SoftShrink>("softshrink", "softshrink_grad",
                           "Out = X - lambda for X > lambda, X + lambda for X < -lambda, else 0."),
    Activation<HardShrink>("hard_shrink", "hard_shrink_grad", "Out = X where |X| > threshold, else 0."),
    Activation<Plain<math::SqrtFn>>("sqrt", "sqrt_grad", "Out = the square root of X.",
                                    GradOfSqrt<Plain<math::SqrtFn>>),
    Activation<Plain<math::Rsqrt>>("rsqrt", "rsqrt_grad", "Out = 1 / sqrt(X)."),
    Activation<Plain<math::AbsFn>>("abs", "abs_grad", "Out = |X|."),
    Activation<Plain<math::Ceil>>("ceil", "ceil_grad", "Out = the least integer >= X. The gradient is 0."),
    Activation<Plain<math::Floor>>("floor", "floor_grad", "Out = the largest integer <= X. The gradient is 0."),
    Activation<Plain<math::Round>>("round", "round_grad",
                                   "Out = X rounded to the nearest integer, halves away from 0. The gradient is 0."),
    Activation<Plain<math::Cos>>("cos", "cos_grad", "Out = cos(X), X in radians."),
    Activation<Plain<math::Sin>>("sin", "sin_grad", "Out = sin(X), X in radians."),
    Activation<Plain<math::Acos>>("acos", "acos_grad", "Out = arccos(X) in radians, X in [-1, 1]."),
    Activation<Plain<math::Asin>>("asin", "asin_grad", "Out = arcsin(X) in radians, X in [-1, 1]."),
    Activation<Plain<math::Atan>>("atan", "atan_grad", "Out = arctan(X) in radians."),
    Activation<Plain<math::Reciprocal>>("reciprocal", "reciprocal_grad", "Out = 1 / X."),
    Activation<Plain<math::LogFn>>("log", "log_grad", "Out = the natural logarithm of X."),
    Activation<Plain<math::Log1pFn>>("log1p", "log1p_grad", "Out = log(1 + X), exact for small X too."),
    Activation<Plain<math::Square>>("square", "square_grad", "Out = X * X.", GradOfCurved<Plain<math::Square>>),
    Activation<Plain<math::SoftplusFn>>("softplus", "softplus_grad", "Out = log(1 + exp(X)), without overflow."),
    Activation<Plain<math::Softsign>>("softsign", "softsign_grad", "Out = X / (1 + |X|)."),
    Activation<Plain<math::ErfFn>>("erf", "erf_grad", "Out = the error function of X."),
    Activation<BoundedRelu>("brelu", "brelu_grad", "Out = min(max(X, t_min), t_max)."),
    Activation<LeakyReluAttrs>("leaky_relu", "leaky_relu_grad", "Out = max(X, alpha * X).",
                               GradOfPiecewiseLinear<LeakyReluAttrs>),
    Activation<SoftRelu>("soft_relu", "soft_relu_grad", "Out = log(1 + exp(max(min(X, threshold), -threshold)))."),
    Activation<EluAttrs>("elu", "elu_grad",
                         "Out = max(0, X) + min(0, alpha * (exp(X) - 1)). Clevert et al. 2015, arXiv:1511.07289.",
                         GradOfCurved<EluAttrs>),
    Activation<Selu>("selu", "selu_grad",
                     "Out = scale * (X if X > 0 else alpha * (exp(X) - 1)). Klambauer et al. 2017, arXiv:1706.02515."),
    Activation<Relu6>(
        "relu6", "relu6_grad",
        "Out = min(max(X, 0), threshold). Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10."),
    Activation<ScaledTanh>("stanh", "stanh_grad", "Out = scale_b * tanh(scale_a * X)."),
    Activation<ThresholdedRelu>("thresholded_relu", "thresholded_relu_grad", "Out = X where X > threshold, else 0."),
    Activation<HardSigmoid>("hard_sigmoid", "hard_sigmoid_grad",
                            "Out = max(0, min(1, slope * X + offset)). Gulcehre et al. 2016, arXiv:1603.00391."),
    Activation<Swish>("swish", "swish_grad",
                      "Out = X * sigmoid(beta * X). Ramachandran et al. 2017, arXiv:1710.05941."),
    Activation<HardSwish>(
        "hard_swish", "hard_swish_grad",
        "Out = X * min(max(0, X + offset), threshold) / scale. Howard et al. 2019, arXiv:1905.02244."),
    Activation<Gelu>(
        "gelu", "gelu_grad",
        "Out = X * P(N <= X), N standard normal; approximate: 0.5 X (1 + tanh(sqrt(2 / pi) (X + 0.044715 X^3))). "
        "Hendrycks and Gimpel 2016, arXiv:1606.08415."),
    Activation<Mish>("mish", "mish_grad", "Out = X * tanh(softplus(X)). Misra 2019, arXiv:1908.08681."),
};

}  // namespace
}  // namespace paddle
