// The op `norm`: lines of length one.

#include <cmath>

#include "paddle/device/task_size.h"
#include "paddle/math/axis_view.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct NormAttrs {
  int32_t axis = 0;
  float epsilon = 1e-10f;
  static auto Fields() {
    return std::tuple{Field{"axis", &NormAttrs::axis, "The axis to normalise along; negative ones count from the last.",
                            Presence::kRequired},
                      Field{"epsilon", &NormAttrs::epsilon, "Added to the sum of squares, against division by zero."}};
  }
};

void Infer(const NormAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  const TensorMeta& x = context.In("X");
  Dims norm = x.dims;
  norm[NormalizeAxis(attrs.axis, x.rank())] = 1;
  context.SetOut("Norm", norm, x.dtype);
  context.SetOut("Out", x.dims, x.dtype);
}

void Normalize(const CpuContext&, const NormAttrs& attrs, const Tensor& x, Tensor& norm, Tensor& out) {
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitFloat(x.dtype(), [&]<class T>() {
    const T* px = x.data<T>();
    T *norms = norm.mutable_data<T>(), *pout = out.mutable_data<T>();
    ForEachLine(view, kCheapElementsPerTask, [&, px, norms, pout](int64_t line, int64_t begin) {
      T sum = attrs.epsilon;
      const int64_t end = begin + view.size * view.inner;
      for (int64_t i = begin; i < end; i += view.inner) sum += px[i] * px[i];
      const T length = norms[line] = std::sqrt(sum);
      for (int64_t i = begin; i < end; i += view.inner) pout[i] = px[i] / length;
    });
  });
}

void InferGrad(const NormAttrs& attrs, InferContext& context) {
  context.CheckSameDims("X", "Out@GRAD");
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckSameDType("X", "Norm");
  const Dims& dims = context.In("X").dims;
  Dims norm = dims;
  norm[NormalizeAxis(attrs.axis, dims.rank())] = 1;
  Require(DimsAgree(norm, context.In("Norm").dims), "Norm has shape ", context.In("Norm").dims, "; expected ", norm);
  context.CopyMeta("X", "X@GRAD");
}

// With y = x / n: dx = (dy - y (y dy)) / n.
void Grad(const CpuContext&, const NormAttrs& attrs, const Tensor& norm, const Tensor& dout, const Tensor& x,
          Tensor* dx) {
  if (!dx) return;
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *d = dout.data<T>(), *norms = norm.data<T>();
    T* pdx = dx->mutable_data<T>();
    ForEachLine(view, kCheapElementsPerTask, [=](int64_t line, int64_t begin) {
      const int64_t end = begin + view.size * view.inner;
      const T length = norms[line];
      T sum = 0;
      for (int64_t i = begin; i < end; i += view.inner) sum += px[i] * d[i];
      const T factor = sum / (length * length);
      for (int64_t i = begin; i < end; i += view.inner) pdx[i] = (d[i] - px[i] * factor) / length;
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NormAttrs>({.name = "norm",
                           .doc = "Out = X / Norm along an axis, with Norm = sqrt(sum(X^2) + epsilon).",
                           .inputs = {{"X", "Tensor of rank 1 or more."}},
                           .outputs = {{"Norm", "The norms, in X's shape with a 1 for the axis.", kIntermediate},
                                       {"Out", "Tensor of X's shape."}},
                           .infer = Infer}),
    RegisterKernel("norm", Normalize),
    RegisterOp<NormAttrs>(
        {.name = "norm_grad",
         .doc = "X@GRAD = (Out@GRAD - X sum(X Out@GRAD) / Norm^2) / Norm.",
         .inputs = {{"Norm", "Output of the op."}, {"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferGrad}),
    RegisterKernel("norm_grad", Grad),
};

}  // namespace
}  // namespace paddle
