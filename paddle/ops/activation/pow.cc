#include "paddle/ops/activation/pow.h"

#include "paddle/math/activation.h"
#include "paddle/math/map.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void CheckFactor(InferContext& context) {
  context.CheckDType("X", kNumbers);
  if (!context.Has("FactorTensor")) return;
  context.CheckDType("FactorTensor", kNumbers);
  const Dims& dims = context.In("FactorTensor").dims;
  Require(SizesAgree(dims.numel(), 1), "FactorTensor has shape ", dims, "; expected one element");
}

void Infer(const PowAttrs&, InferContext& context) {
  CheckFactor(context);
  context.CopyMeta("X", "Out");
}

void InferGrad(const PowAttrs&, InferContext& context) {
  CheckFactor(context);
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckSameDims("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

math::Pow Function(const PowAttrs& attrs, const Tensor* factor) {
  if (!factor) return {attrs.factor};
  return VisitNumber(factor->dtype(), [&]<class T>() { return math::Pow{static_cast<float>(*factor->data<T>())}; });
}

void Pow(const CpuContext&, const PowAttrs& attrs, const Tensor& x, const Tensor* factor, Tensor& out) {
  const math::Pow f = Function(attrs, factor);
  VisitNumber(x.dtype(),
              [&]<class T>() { math::Map(f, x.data<T>(), out.mutable_data<T>(), x.numel(), math::kCostlyGrain); });
}

void PowGrad(const CpuContext&, const PowAttrs& attrs, const Tensor* factor, const Tensor& dout, const Tensor& x,
             Tensor* dx) {
  if (!dx) return;
  const math::Pow f = Function(attrs, factor);
  VisitNumber(x.dtype(), [&]<class T>() {
    const auto grad = [f](T s, T d) { return f.Grad(s, d); };
    math::Map(grad, x.data<T>(), dout.data<T>(), dx->mutable_data<T>(), x.numel(), math::kCostlyGrain);
  });
}

const SlotSpec kFactor{"FactorTensor",
                       "The exponent as a tensor of one element, of any of X's types; it goes before `factor`.",
                       kOptional | kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<PowAttrs>({.name = "pow",
                          .doc = "Out = X ^ factor; for integers the factor is truncated first, and so is the result, "
                                 "to what the type holds.",
                          .inputs = {{"X", "Tensor of any shape."}, kFactor},
                          .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                          .infer = Infer,
                          .may_share = {{"Out", "X"}}}),
    RegisterKernel("pow", Pow),
    RegisterOp<PowAttrs>({.name = "pow_grad",
                          .doc = "X@GRAD = Out@GRAD factor X ^ (factor - 1).",
                          .inputs = {kFactor, {"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}},
                          .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                          .infer = InferGrad,
                          .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("pow_grad", PowGrad),
};

}  // namespace
}  // namespace paddle
