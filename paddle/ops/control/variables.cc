// is_empty and delete_var: whether a variable holds anything, and that it is not needed any more.
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void InferEmpty(const NoAttrs&, InferContext& context) { context.SetOut("Out", {1}, DType::kBool); }

void IsEmpty(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  out.mutable_data<bool>()[0] = x.numel() == 0;
}

void InferNothing(const NoAttrs&, InferContext&) {}

// Nothing to do: what no later op reads is let go of already, and what is outside the program stays.
void Delete(const CpuContext&, const NoAttrs&, Span<const Variable>) {}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "is_empty",
                         .doc = "Out = whether X has no elements.",
                         .inputs = {{"X", "Tensor of any shape.", kMetaOnly | kNoGradient}},
                         .outputs = {{"Out", "bool[1]."}},
                         .infer = InferEmpty,
                         .traits = kHost}),
    RegisterKernel("is_empty", IsEmpty),
    RegisterOp<NoAttrs>(
        {.name = "delete_var",
         .doc =
             "Says that variables are not needed any more. Without effect here: the memory of a variable is given to "
             "others behind the last op that reads it, with or without this op.",
         .inputs = {{"X", "The variables.", kRepeated | kMayBeUnset | kNoGradient}},
         .outputs = {},
         .infer = InferNothing,
         .traits = kHost}),
    RegisterKernel("delete_var", Delete),
};

}  // namespace
}  // namespace paddle
