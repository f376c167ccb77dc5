#pragma once
// The gradients of those activation gradient ops that can be differentiated again, for CPU and CUDA.

#include "paddle/op/registry.h"
#include "paddle/ops/activation/activation.h"

namespace paddle {

// For piecewise linear functions: reads DDX and Out.
template <class F>
void GradOfPiecewiseLinear(const F& f, GradContext& context) {
  OpDesc& op = context.Emit(context.forward().type() + "_grad", f);
  op.SetInput("DDX", context.OutGrad("X@GRAD"));
  op.SetInput("Out", context.In("Out"));
  op.SetOutput("DDOut", context.InGrad("Out@GRAD"));
}

// For functions whose second derivative is taken at X: reads DDX, DOut and X, and has a gradient for X as well.
template <class F>
void GradOfCurved(const F& f, GradContext& context) {
  OpDesc& op = context.Emit(context.forward().type() + "_grad", f);
  op.SetInput("DDX", context.OutGrad("X@GRAD"));
  op.SetInput("DOut", context.In("Out@GRAD"));
  op.SetInput("X", context.In("X"));
  op.SetOutput("DDOut", context.InGrad("Out@GRAD"));
  op.SetOutput("DX", context.InGrad("X"));
}

// sqrt_grad reads Out, so the gradient goes to Out.
template <class F>
void GradOfSqrt(const F& f, GradContext& context) {
  OpDesc& op = context.Emit("sqrt_grad_grad", f);
  op.SetInput("DDX", context.OutGrad("X@GRAD"));
  op.SetInput("DX", context.Out("X@GRAD"));
  op.SetInput("Out", context.In("Out"));
  op.SetOutput("DDOut", context.InGrad("Out@GRAD"));
  op.SetOutput("DOut", context.InGrad("Out"));
}

// ---- of one element ----

using PlainSquare = PlainActivation<math::Square>;
using PlainSqrt = PlainActivation<math::SqrtFn>;

// f'' times d.
template <class T>
constexpr T Second(const PlainSquare&, T, T d) {
  return T(2) * d;
}
template <class T>
constexpr T Second(const EluAttrs& f, T x, T d) {
  return math::Select(x > T(0), T(0), d * T(f.alpha) * math::Exp(x));
}

template <class T>
struct OutGradsOfSqrt {
  T ddout, dout;
};
template <class T>
constexpr OutGradsOfSqrt<T> SqrtGradGrads(T ddx, T dx, T out) {
  const T ratio = ddx / out;
  return {T(0.5) * ratio, -dx * ratio};
}

}  // namespace paddle
