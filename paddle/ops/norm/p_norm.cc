#include "paddle/math/axis_view.h"
#include "paddle/op/registry.h"
#include "paddle/ops/norm/power_norm.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 2048;  // a power is costly

struct PNormAttrs {
  float porder = 2;
  int32_t axis = -1;
  float epsilon = 1e-12f;
  bool keepdim = false;
  static auto Fields() {
    using A = PNormAttrs;
    return std::tuple{Field{"porder", &A::porder, "p: 0 or more, infinity or -infinity."},
                      Field{"axis", &A::axis, "The axis of the vectors; negative ones count from the last."},
                      Field{"epsilon", &A::epsilon, "Added to the divisor in the gradient."},
                      Field{"keepdim", &A::keepdim, "Whether the axis stays, with size 1."}};
  }
};

// The shape of Out.
Dims NormDims(const PNormAttrs& attrs, const Dims& x) {
  const int axis = NormalizeAxis(attrs.axis, x.rank());
  Dims dims;
  for (int i = 0; i < x.rank(); ++i)
    if (i != axis)
      dims.Append(x[i]);
    else if (attrs.keepdim)
      dims.Append(1);
  return dims;
}

void Infer(const PNormAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  Require(IsPowerNorm(attrs.porder), "porder is ", attrs.porder, "; expected 0 or more, or -infinity");
  context.SetOut("Out", NormDims(attrs, context.In("X").dims), context.In("X").dtype);
}

void Norm(const CpuContext&, const PNormAttrs& attrs, const Tensor& x, Tensor& out) {
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitFloat(x.dtype(), [&]<class T>() {
    const PowerNorm<T> norm(attrs.porder);
    const T* px = x.data<T>();
    T* pout = out.mutable_data<T>();
    ForEachLine(view, kElementsPerTask, [=](int64_t line, int64_t begin) {
      T sum = norm.Start();
      for (int64_t i = 0; i < view.size; ++i) sum = norm.Add(sum, px[begin + i * view.inner]);
      pout[line] = norm.Finish(sum);
    });
  });
}

void InferGrad(const PNormAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  Require(IsPowerNorm(attrs.porder), "porder is ", attrs.porder, "; expected 0 or more, or -infinity");
  const Dims dims = NormDims(attrs, context.In("X").dims);
  for (const std::string_view slot : {"Out", "Out@GRAD"}) {
    context.CheckSameDType("X", slot);
    Require(DimsAgree(dims, context.In(slot).dims), slot, " has shape ", context.In(slot).dims, "; expected ", dims);
  }
  context.CopyMeta("X", "X@GRAD");
}

void Grad(const CpuContext&, const PNormAttrs& attrs, const Tensor& out, const Tensor& dout, const Tensor& x,
          Tensor* dx) {
  if (!dx) return;
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitFloat(x.dtype(), [&]<class T>() {
    const PowerNorm<T> norm(attrs.porder);
    const T *px = x.data<T>(), *norms = out.data<T>(), *d = dout.data<T>(), epsilon = attrs.epsilon;
    T* pdx = dx->mutable_data<T>();
    ForEachLine(view, kElementsPerTask, [=](int64_t line, int64_t begin) {
      for (int64_t i = 0, at = begin; i < view.size; ++i, at += view.inner)
        pdx[at] = d[line] * norm.Slope(px[at], norms[line], epsilon);
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<PNormAttrs>({.name = "p_norm",
                            .doc = "Out = sum(|X|^p)^(1/p) along an axis, p being porder. 0 counts what is not zero, "
                                   "infinity takes the largest magnitude, -infinity the least.",
                            .inputs = {{"X", "Tensor of rank 1 or more."}},
                            .outputs = {{"Out", "X's shape without the axis; of rank 0 when none is left."}},
                            .infer = Infer}),
    RegisterKernel("p_norm", Norm),
    RegisterOp<PNormAttrs>(
        {.name = "p_norm_grad",
         .doc = "X@GRAD = Out@GRAD sign(X) |X|^(p-1) / (Out^(p-1) + epsilon), 0 where X is 0.",
         .inputs = {{"Out", "Output of the op."}, {"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferGrad,
         .may_share = {{"X@GRAD", "X"}}}),
    RegisterKernel("p_norm_grad", Grad),
};

}  // namespace
}  // namespace paddle
