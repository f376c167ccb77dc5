#pragma once
// The gradients of those activation gradient ops that can be differentiated again.

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

}  // namespace paddle
