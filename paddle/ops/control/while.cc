// Loops: a block that runs as long as a condition holds.

#include <algorithm>
#include <map>

#include "paddle/ops/control/block_gradient.h"

namespace paddle {
namespace {

struct WhileAttrs {
  BlockRef sub_block;
  bool is_test = false;
  std::vector<std::string> skip_eager_deletion_vars;
  static auto Fields() {
    return std::tuple{
        Field{"sub_block", &WhileAttrs::sub_block, "The block that runs again and again.", Presence::kRequired},
        Field{"is_test", &WhileAttrs::is_test, "Keep nothing for a backward pass."},
        Field{"skip_eager_deletion_vars", &WhileAttrs::skip_eager_deletion_vars,
              "Read from old programs; without meaning here."}};
  }
};

struct WhileGradAttrs : WhileAttrs {
  std::vector<std::string> original_output_grad;
  static auto Fields() {
    return std::tuple_cat(
        std::tuple{Field{"original_output_grad", &WhileGradAttrs::original_output_grad,
                         "Names under which the gradient block knows Out@GRAD, one for each."}},
        std::tuple{Field{"sub_block", &WhileGradAttrs::sub_block, "The gradient block.", Presence::kRequired},
                   Field{"is_test", &WhileGradAttrs::is_test, "As that of the op."},
                   Field{"skip_eager_deletion_vars", &WhileGradAttrs::skip_eager_deletion_vars,
                         "Read from old programs; without meaning here."}});
  }
};

void Infer(const WhileAttrs&, InferContext& context) {
  context.CheckDType("Condition", {DType::kBool});
  const int64_t numel = context.In("Condition").numel();
  Require(numel == 1 || numel < 0, "Condition must have one element, but it has shape ", context.In("Condition").dims);
}

void Run(const CpuContext&, const WhileAttrs& attrs, BlockRunner& blocks, Span<const Variable>, const Tensor& condition,
         Span<Variable>, Opaque* scopes) {
  const auto holds = [&] {
    Require(condition.initialized() && condition.numel() == 1, "Condition must have one element, but it has shape ",
            condition.dims());
    return condition.data<bool>()[0];
  };
  while (holds()) blocks.Next(scopes != nullptr && !attrs.is_test).Run();
}

// What is described of outputs stays: only the runs tell what they become.
void Grad(const WhileAttrs& attrs, GradContext& context) {
  Require(!attrs.is_test, "a while loop made with is_test=True keeps nothing for a backward pass");
  const auto& read = context.In("X");
  BlockGradRequest request{attrs.sub_block, {}};
  for (const auto& name : context.Out("Out")) {
    const bool carried = std::find(read.begin(), read.end(), name) != read.end();
    if (carried || context.HasGrad(name)) request.targets.push_back(name);
    if (carried) request.carried.push_back(name);
  }
  const auto block = context.DifferentiateBlock(request);
  if (!block) return;
  WhileGradAttrs grad_attrs;
  grad_attrs.sub_block = block->block;
  grad_attrs.skip_eager_deletion_vars = attrs.skip_eager_deletion_vars;
  std::vector<std::string> x = read, grads, out_grads;
  for (size_t i = 0; i < request.targets.size(); ++i) {
    const std::string& name = request.targets[i];
    if (block->given[i].empty()) continue;
    grad_attrs.original_output_grad.push_back(block->given[i]);
    out_grads.push_back(GradName(name));
    // Written over without being read, if the loop runs at all.
    if (block->variables.contains(name) && std::find(x.begin(), x.end(), name) == x.end()) x.push_back(name);
  }
  for (const auto& name : x)
    grads.push_back(block->variables.contains(name) ? GradName(name) : std::string(kEmptyName));
  OpDesc& op = context.Emit("while_grad", grad_attrs);
  op.SetInput("X", std::move(x));
  op.SetInput("Out", context.Out("Out"));
  op.SetInput("Out@GRAD", std::move(out_grads));
  op.SetInput("StepScopes", context.Out("StepScopes"));
  op.SetOutput("X@GRAD", std::move(grads));
}

BlockVars VarsOfGrad(const WhileGradAttrs& attrs, const OpDesc& op) {
  return {attrs.original_output_grad, GradientsAskedFor(op, "X", attrs.original_output_grad)};
}

// The gradient of a variable that the loop changes: it goes through the runs from the last to the first.
struct Carried {
  std::string name;  // in the gradient block
  Variable own;      // where nobody asks for the result
  Variable* value = nullptr;
};

using Named = std::map<std::string, Variable*>;

// `to`: where the gradients go at the end, `like`: what they are gradients of; by their names in the gradient block.
std::vector<std::unique_ptr<Carried>> CarryOutGrads(const CpuContext& cpu, const WhileGradAttrs& attrs,
                                                    Span<const Variable> grads, const Named& to,
                                                    const std::map<std::string, const Variable*>& like) {
  Require(attrs.original_output_grad.size() == grads.size(), "original_output_grad has ",
          attrs.original_output_grad.size(), " names for ", grads.size(), " variables in Out@GRAD");
  std::vector<std::unique_ptr<Carried>> all;
  for (size_t i = 0; i < grads.size(); ++i) {
    auto& carried = *all.emplace_back(std::make_unique<Carried>());
    carried.name = attrs.original_output_grad[i];
    const auto found = to.find(carried.name);
    carried.value = found == to.end() ? &carried.own : found->second;
    const auto of = like.find(carried.name);
    if (grads[i] && grads[i]->initialized())
      CopyVariable(cpu, *grads[i], carried.value);
    else if (of != like.end() && of->second->initialized())
      FillZerosLike(cpu, *of->second, carried.value);
  }
  return all;
}

void RunGrad(const CpuContext& cpu, const WhileGradAttrs& attrs, BlockRunner& blocks, const OpDesc& op,
             Span<const Variable> x, Span<const Variable> out, Span<const Variable> out_grads, const Opaque& scopes,
             Span<Variable> x_grads) {
  const auto& names = op.Input("X");
  Named to;
  std::map<std::string, const Variable*> like;
  for (size_t i = 0; i < out.size(); ++i) like[GradName(op.Input("Out")[i])] = out[i];
  for (size_t i = 0; i < std::min(x.size(), x_grads.size()); ++i)
    if (x_grads[i]) to[GradName(names[i])] = x_grads[i];
  const auto carried = CarryOutGrads(cpu, attrs, out_grads, to, like);
  std::map<std::string, GradientSum> sums;
  for (size_t i = 0; i < std::min(x.size(), x_grads.size()); ++i)
    if (x_grads[i]) sums.try_emplace(GradName(names[i]), cpu, *x[i], x_grads[i]);
  for (const auto& each : carried) sums.erase(each->name);
  for (int k = blocks.CountKept(scopes); k-- > 0;) {
    BlockRun& run = blocks.Back(scopes, k);
    for (const auto& each : carried) run.Lend(each->name, each->value);
    run.Run();
    for (const auto& each : carried)  // the run wrote over it without reading it: what was before does not count
      if (!run.Writes(each->name) && each->value->holds<Tensor>()) FillZerosLike(cpu, *each->value, each->value);
    for (auto& [name, sum] : sums) sum.Add(run.Taken(name));
  }
  for (auto& entry : sums) entry.second.Finish();
}

const Registered kOp = RegisterOp<WhileAttrs>({
    .name = "while",
    .doc = "Runs a block of the program again and again, as long as Condition holds; the block sets it anew.",
    .inputs = {{"X", "Variables of outer blocks that the block reads.", kRepeated | kOptional},
               {"Condition", "bool, one element.", kNoGradient}},
    .outputs = {{"Out", "Variables of outer blocks that the block writes.", kRepeated | kOptional},
                {"StepScopes", "What a backward pass needs of the runs.", kOptional}},
    .infer = Infer,
    .grad = Grad,
    .traits = kHost,
    .block = "sub_block",
});
const Registered kCpu = RegisterKernel("while", Run);
const Registered kGradOp = RegisterOp<WhileGradAttrs>({
    .name = "while_grad",
    .doc =
        "Runs the gradient block of a while loop over its runs, from the last to the first, and adds up the gradients.",
    .inputs = {{"X", "Input of the op.", kRepeated | kOptional},
               {"Out", "Output of the op.", kRepeated | kOptional},
               {"Out@GRAD", "Gradient of Out.", kRepeated | kOptional},
               {"StepScopes", "Output of the op."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kRepeated | kOptional}},
    .traits = kHost,
    .block = "sub_block",
    .block_vars = VarsOfGrad,
});
const Registered kGradCpu = RegisterKernel("while_grad", RunGrad);

}  // namespace
}  // namespace paddle
