#include <algorithm>

#include "paddle/ops/control/block_gradient.h"

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

struct ConditionalGradAttrs {
  BlockRef sub_block;
  bool is_scalar_condition = false;
  static auto Fields() {
    return std::tuple{Field{"sub_block", &ConditionalGradAttrs::sub_block, "The gradient block.", Presence::kRequired},
                      Field{"is_scalar_condition", &ConditionalGradAttrs::is_scalar_condition,
                            "As that of the op; whether the block ran is known from Scope."}};
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

void Grad(const ConditionalAttrs& attrs, GradContext& context) {
  const auto block = context.DifferentiateBlock({attrs.sub_block, context.Out("Out")});
  if (!block) return;
  OpDesc& op = context.Emit("conditional_block_grad", ConditionalGradAttrs{block->block, attrs.is_scalar_condition});
  op.SetInput("Cond", context.In("Cond"));
  op.SetInput("Input", context.In("Input"));
  op.SetInput("Out", context.Out("Out"));
  op.SetInput("Out@GRAD", context.OutGrad("Out"));
  op.SetInput("Scope", context.Out("Scope"));
  std::vector<std::string> grads;
  for (const auto& name : context.In("Input"))
    grads.push_back(block->variables.contains(name) ? GradName(name) : std::string(kEmptyName));
  op.SetOutput("Input@GRAD", std::move(grads));
}

BlockVars VarsOfGrad(const ConditionalGradAttrs&, const OpDesc& op) { return {{}, GradientsAskedFor(op, "Input")}; }

// A variable that the block reads and writes has one gradient, which the gradient block changes where it is.
void RunGrad(const CpuContext& cpu, const ConditionalGradAttrs&, BlockRunner& blocks, const OpDesc& op,
             Span<const Tensor>, Span<const Variable> inputs, Span<const Variable>, Span<const Variable>,
             const Opaque& scope, Span<Variable> grads) {
  BlockRun* run = blocks.CountKept(scope) > 0 ? &blocks.Back(scope, 0) : nullptr;
  if (run) run->Run();
  const auto &names = op.Input("Input"), &from = op.Input("Out@GRAD"), &to = op.Output("Input@GRAD");
  for (size_t i = 0; i < std::min(inputs.size(), grads.size()); ++i) {
    if (!grads[i] || std::find(from.begin(), from.end(), to[i]) != from.end()) continue;
    GradientSum sum(cpu, *inputs[i], grads[i]);
    if (run) sum.Add(run->Taken(GradName(names[i])));
    sum.Finish();
  }
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

OpSpec<ConditionalAttrs> SpecWithGrad() {
  auto spec = Spec("conditional_block");
  spec.grad = Grad;
  return spec;
}

const Registered kOp = RegisterOp<ConditionalAttrs>(SpecWithGrad());
const Registered kCpu = RegisterKernel("conditional_block", Run);
const Registered kInferOp = RegisterOp<ConditionalAttrs>(Spec("conditional_block_infer"));
const Registered kInferCpu = RegisterKernel("conditional_block_infer", Run);
const Registered kGradOp = RegisterOp<ConditionalGradAttrs>({
    .name = "conditional_block_grad",
    .doc = "Runs the gradient block of a conditional_block if its block had run; else the gradients are zero.",
    .inputs = {{"Cond", "Input of the op.", kRepeated | kOptional},
               {"Input", "Input of the op.", kRepeated | kOptional},
               {"Out", "Output of the op.", kRepeated | kOptional},
               {"Out@GRAD", "Gradient of Out.", kRepeated | kOptional},
               {"Scope", "Output of the op."}},
    .outputs = {{"Input@GRAD", "Gradient of Input.", kRepeated | kOptional}},
    .traits = kHost,
    .block = "sub_block",
    .block_vars = VarsOfGrad,
});
const Registered kGradCpu = RegisterKernel("conditional_block_grad", RunGrad);

}  // namespace
}  // namespace paddle
