#include <algorithm>

#include "paddle/math/reduce.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.SetOut("Out", {1}, context.In("X").dtype);
}

void Mean(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    T sum = 0;
    math::SumAxes(x.data<T>(), Dims{x.numel()}, Dims{1}, &sum);
    *out.mutable_data<T>() = sum / static_cast<T>(x.numel());
  });
}

void InferGrad(const NoAttrs&, InferContext& context) {
  context.CheckSameDType("X", "Out@GRAD");
  Require(SizesAgree(context.In("Out@GRAD").numel(), 1), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected one element");
  context.CopyMeta("X", "X@GRAD");
}

void MeanGrad(const CpuContext&, const NoAttrs&, const Tensor& dout, const Tensor&, Tensor* dx) {
  if (!dx) return;
  VisitFloat(dout.dtype(), [&]<class T>() {
    std::fill_n(dx->mutable_data<T>(), dx->numel(), *dout.data<T>() / static_cast<T>(dx->numel()));
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "mean",
                         .doc = "Out = the mean of all elements of X.",
                         .inputs = {{"X", "Tensor of any shape."}},
                         .outputs = {{"Out", "The mean, of shape [1]."}},
                         .infer = Infer}),
    RegisterKernel("mean", Mean),
    RegisterOp<NoAttrs>({.name = "mean_grad",
                         .doc = "X@GRAD = Out@GRAD / n, n the number of X's elements.",
                         .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op.", kMetaOnly}},
                         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                         .infer = InferGrad}),
    RegisterKernel("mean_grad", MeanGrad),
};

}  // namespace
}  // namespace paddle
