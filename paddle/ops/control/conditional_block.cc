#include <algorithm>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct ConditionalAttrs {
  BlockRef sub_block;
  bool is_scalar_condition = false;
  std::vector<std::string> skip_eager_deletion_vars;
  static auto Fields() {
    return std::tuple{
        Field{"sub_block", &ConditionalAttrs::sub_block, "The block that may run.", Presence::kRequired},
        Field{"is_scalar_condition", &ConditionalAttrs::is_scalar_condition,
              "true: run when the one element of Cond is true; false: run when no tensor in Cond is empty."},
        Field{"skip_eager_deletion_vars", &ConditionalAttrs::skip_eager_deletion_vars,
              "Read from old programs; without meaning here."}};
  }
};

void Infer(const ConditionalAttrs& attrs, InferContext& context) {
  if (!attrs.is_scalar_condition) return;
  Require(context.Count("Cond") == 1, "a scalar condition needs one variable in Cond, got ", context.Count("Cond"));
  context.CheckDType("Cond", {DType::kBool});
  const int64_t numel = context.In("Cond").numel();
  Require(numel == 1 || numel < 0, "a scalar condition has one element, but Cond has shape ", context.In("Cond").dims);
}

void Run(const CpuContext&, const ConditionalAttrs& attrs, BlockRunner& blocks, Span<const Tensor> conditions,
         Span<const Variable>, Span<Variable>, Opaque* scope) {
  const auto holds = [&](const Tensor* condition) {
    return attrs.is_scalar_condition ? condition->data<bool>()[0] : condition->numel() > 0;
  };
  if (std::all_of(conditions.begin(), conditions.end(), holds)) blocks.Next(scope != nullptr).Run();
}

OpSpec<ConditionalAttrs> Spec(std::string_view name) {
  return {
      .name = name,
      .doc =
          "Runs a block of the program if a condition holds. Variables that the block would write stay as they are "
          "otherwise.",
      .inputs = {{"Cond", "One bool element, or tensors that must not be empty.", kRepeated | kNoGradient},
                 {"Input", "Variables of outer blocks that the block reads.", kRepeated | kOptional}},
      .outputs = {{"Out", "Variables of outer blocks that the block writes.", kRepeated | kOptional},
                  {"Scope", "What a backward pass would need of the run.", kOptional}},
      .infer = Infer,
      .traits = kHost,
      .block = "sub_block",
  };
}

const Registered kOp = RegisterOp<ConditionalAttrs>(Spec("conditional_block"));
const Registered kCpu = RegisterKernel("conditional_block", Run);
const Registered kInferOp = RegisterOp<ConditionalAttrs>(Spec("conditional_block_infer"));
const Registered kInferCpu = RegisterKernel("conditional_block_infer", Run);

}  // namespace
}  // namespace paddle
