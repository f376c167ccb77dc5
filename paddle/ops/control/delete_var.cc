// delete_var: says that variables are not needed any more.
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void InferNothing(const NoAttrs&, InferContext&) {}

// Nothing to do: what no later op reads is let go of already, and what is outside the program stays.
void Delete(const CpuContext&, const NoAttrs&, Span<const Variable>) {}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "delete_var",
         .doc =
             "Says that variables are not needed any more. Without effect here: the memory of a variable is given to "
             "others behind the last op that reads it, with or without this op.",
         .inputs = {{"X", "The variables.", kRepeated | kNoGradient}},
         .outputs = {},
         .infer = InferNothing,
         .traits = kHost}),
    RegisterKernel("delete_var", Delete),
};

}  // namespace
}  // namespace paddle
