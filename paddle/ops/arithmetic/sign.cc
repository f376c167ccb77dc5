#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CopyMeta("X", "Out");
}

void Sign(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  VisitNumber(x.dtype(), [&]<class T>() {
    math::Map([](T v) { return math::Sign(v); }, x.data<T>(), out.mutable_data<T>(), x.numel());
  });
}

// Zero everywhere; as Fluid writes it, by a `scale`.
void Grad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("scale");
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
  op.SetAttr("scale", 0.0f);
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "sign",
                         .doc = "Out = 1 where X > 0, -1 where X < 0, else 0 (for NaN too).",
                         .inputs = {{"X", "Tensor of any shape."}},
                         .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                         .infer = Infer,
                         .grad = Grad,
                         .may_share = {{"Out", "X"}}}),
    RegisterKernel("sign", Sign),
};

}  // namespace
}  // namespace paddle
