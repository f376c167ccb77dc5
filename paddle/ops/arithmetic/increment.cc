#include "paddle/ops/arithmetic/increment.h"

#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Infer(const IncrementAttrs&, InferContext& context) {
  context.CheckDType("X", kNumbers);
  Require(SizesAgree(context.In("X").numel(), 1), "X has shape ", context.In("X").dims, "; expected one element");
  context.CopyMeta("X", "Out");
}

void Increment(const CpuContext&, const IncrementAttrs& attrs, const Tensor& x, Tensor& out) {
  VisitNumber(x.dtype(), [&]<class T>() { *out.mutable_data<T>() = *x.data<T>() + static_cast<T>(attrs.step); });
}

// Counters go backwards in the backward pass: the op restores X.
void Grad(const IncrementAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("increment", IncrementAttrs{-attrs.step});
  op.SetInput("X", context.Out("Out"));
  op.SetOutput("Out", context.In("X"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<IncrementAttrs>(
        {.name = "increment",
         .doc = "Out = X + step for a tensor of one element. Its gradient op takes the step back.",
         .inputs = {{"X", "Tensor of one element."}},
         .outputs = {{"Out", "The sum; usually X itself."}},
         .infer = Infer,
         .grad = Grad,
         .may_share = {{"Out", "X"}}}),
    RegisterKernel("increment", Increment),
};

}  // namespace
}  // namespace paddle
