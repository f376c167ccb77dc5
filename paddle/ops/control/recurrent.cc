// A recurrence over the first axis of its inputs: a block that runs once a step.

#include <algorithm>
#include <cstring>
#include <map>

#include "paddle/ops/control/array.h"
#include "paddle/ops/control/block_gradient.h"

namespace paddle {
namespace {

struct RecurrentAttrs {
  BlockRef sub_block;
  std::vector<std::string> ex_states, states;
  bool has_states = false, reverse = false, is_train = true;
  std::vector<std::string> skip_eager_deletion_vars;
  static auto Fields() {
    return std::tuple{
        Field{"has_states", &RecurrentAttrs::has_states, "Whether there are states."},
        Field{"ex_states", &RecurrentAttrs::ex_states, "Variables of the block that hold the states before a step.",
              Presence::kRequired},
        Field{"states", &RecurrentAttrs::states, "Variables of the block that hold the states after a step.",
              Presence::kRequired},
        Field{"sub_block", &RecurrentAttrs::sub_block, "The block that runs once a step.", Presence::kRequired},
        Field{"reverse", &RecurrentAttrs::reverse, "From the last step to the first."},
        Field{"is_train", &RecurrentAttrs::is_train, "Keep what a backward pass needs."},
        Field{"skip_eager_deletion_vars", &RecurrentAttrs::skip_eager_deletion_vars,
              "Read from old programs; without meaning here."}};
  }
};

// Row `step` of a tensor [steps, ...], in the same memory.
Tensor Step(const Tensor& whole, int64_t step) {
  Tensor row;
  row.meta().dtype = whole.dtype();
  row.meta().dims = whole.dims().Slice(1, whole.rank());
  row.Bind(whole.buffer(), whole.offset() + static_cast<size_t>(step) * row.bytes());
  return row;
}

void CheckStates(const RecurrentAttrs& attrs, size_t initial) {
  Require(attrs.states.size() == attrs.ex_states.size() && attrs.states.size() == initial, "there are ",
          attrs.states.size(), " states and ", attrs.ex_states.size(), " ex_states for ", initial,
          " initial states; expected one of each a state");
}

int64_t CountSteps(Span<const Tensor> inputs) {
  Require(!inputs.empty(), "a recurrence needs at least one input, whose first size is the number of steps");
  for (const Tensor* input : inputs)
    Require(input && input->rank() > 0 && input->dim(0) == inputs[0]->dim(0),
            "inputs must have the same first size, the number of steps; got ", inputs[0]->dims(), " and ",
            input ? input->dims() : Dims());
  return inputs[0]->dim(0);
}

void Infer(const RecurrentAttrs& attrs, InferContext& context) {
  CheckStates(attrs, context.Count("initial_states"));
  for (int i = 1; i < context.Count("inputs"); ++i) {
    const Dims &first = context.In("inputs").dims, &dims = context.In("inputs", i).dims;
    Require(first.rank() > 0 && dims.rank() > 0 && SizesAgree(first[0], dims[0]),
            "inputs must have the same first size, the number of steps; got ", first, " and ", dims);
  }
}

// Inside the block an input, and an output, has the name that it has outside.
BlockVars VarsOf(const RecurrentAttrs& attrs, const OpDesc& op) {
  BlockVars vars{op.Input("inputs"), op.Output("outputs")};
  vars.given.insert(vars.given.end(), attrs.ex_states.begin(), attrs.ex_states.end());
  vars.taken.insert(vars.taken.end(), attrs.states.begin(), attrs.states.end());
  return vars;
}

const Tensor& TakenTensor(BlockRun& run, const std::string& name) {
  const Variable* taken = run.Taken(name);
  Require(taken != nullptr, "a step computed no '", name, "'");
  return taken->get<Tensor>();
}

// What a step computed becomes row `step` of an output [steps, ...]; the first one says how large it is.
void PutStep(const CpuContext& cpu, const Tensor& row, int64_t step, int64_t steps, bool first, Variable* output) {
  Tensor& whole = output->Become<Tensor>();
  if (first) {
    Dims dims{steps};
    for (const int64_t size : row.dims()) dims.Append(size);
    whole.Allocate(dims, row.dtype(), cpu.allocator());
    whole.set_lod({});
  }
  Tensor target = Step(whole, step);
  Require(row.dims() == target.dims() && row.dtype() == target.dtype(), "step ", step, " computed ", row.meta(),
          ", but the first one ", target.meta());
  std::memcpy(target.mutable_raw(), row.raw(), row.bytes());
}

Tensor CopyOf(const CpuContext& cpu, const Tensor& tensor) {
  Tensor copy;
  copy.CopyFrom(tensor, cpu.allocator());
  return copy;
}

void Run(const CpuContext& cpu, const RecurrentAttrs& attrs, BlockRunner& blocks, const OpDesc& op,
         Span<const Tensor> inputs, Span<const Tensor> initial_states, Span<const Variable>, Span<Variable> outputs,
         Opaque* scopes) {
  CheckStates(attrs, initial_states.size());
  const int64_t steps = CountSteps(inputs);
  Require(steps > 0, "a recurrence needs at least one step, but its inputs have shape ", inputs[0]->dims());
  const bool keep = scopes != nullptr && attrs.is_train;
  std::vector<Tensor> states;
  for (const Tensor* state : initial_states) states.push_back(*state);
  for (int64_t k = 0; k < steps; ++k) {
    const int64_t step = attrs.reverse ? steps - 1 - k : k;
    BlockRun& run = blocks.Next(keep);
    for (size_t i = 0; i < inputs.size(); ++i) run.Give(op.Input("inputs")[i], Step(*inputs[i], step));
    for (size_t i = 0; i < states.size(); ++i) run.Give(attrs.ex_states[i], states[i]);
    run.Run();
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i]) PutStep(cpu, TakenTensor(run, op.Output("outputs")[i]), step, steps, k == 0, outputs[i]);
    for (size_t i = 0; i < states.size(); ++i) {
      const Tensor& state = TakenTensor(run, attrs.states[i]);
      states[i] = keep ? state : CopyOf(cpu, state);  // what is not kept lies where the next run writes
    }
  }
}

void Grad(const RecurrentAttrs& attrs, GradContext& context) {
  std::vector<std::string> targets = attrs.states, own = context.In("inputs");
  targets.insert(targets.end(), context.Out("outputs").begin(), context.Out("outputs").end());
  own.insert(own.end(), attrs.ex_states.begin(), attrs.ex_states.end());
  const auto block = context.DifferentiateBlock({attrs.sub_block, targets, {}, own});
  if (!block) return;
  RecurrentAttrs grad_attrs = attrs;
  grad_attrs.sub_block = block->block;
  OpDesc& op = context.EmitDefault("recurrent_grad");
  DumpAttrs(grad_attrs, &op);
  op.SetInput("step_scopes@GRAD", context.Out("step_scopes"));
  const auto ask = [&](std::string_view slot, const std::vector<std::string>& inner,
                       const std::set<std::string>& there) {
    std::vector<std::string> names;
    const auto& outer = context.In(slot);
    for (size_t i = 0; i < outer.size(); ++i)
      names.push_back(there.contains(inner[i]) ? GradName(outer[i]) : std::string(kEmptyName));
    const auto wanted = context.InGrad(slot, false);
    for (size_t i = 0; i < names.size(); ++i)
      if (wanted[i] == kEmptyName) names[i] = wanted[i];
    op.SetOutput(std::string(slot) + std::string(kGradSuffix), std::move(names));
  };
  ask("inputs", context.In("inputs"), block->own);
  ask("initial_states", attrs.ex_states, block->own);
  ask("parameters", context.In("parameters"), block->variables);
}

std::vector<std::string> GradNames(const std::vector<std::string>& names) {
  std::vector<std::string> grads;
  for (const auto& name : names) grads.push_back(GradName(name));
  return grads;
}

BlockVars VarsOfGrad(const RecurrentAttrs& attrs, const OpDesc& op) {
  BlockVars vars{GradNames(op.Input("outputs")), GradientsAskedFor(op, "inputs")};
  for (auto& name : GradNames(attrs.states)) vars.given.push_back(std::move(name));
  for (auto& name : GradientsAskedFor(op, "parameters")) vars.taken.push_back(std::move(name));
  for (auto& name : GradNames(attrs.ex_states)) vars.taken.push_back(std::move(name));
  return vars;
}

Tensor ZerosLike(const CpuContext& cpu, const Tensor& like) {
  Tensor zeros;
  ZerosLike(like.meta(), cpu.allocator(), &zeros);
  return zeros;
}

// Of the states, from the last step to the first.
class StateGradients {
 public:
  StateGradients(const CpuContext& cpu, const RecurrentAttrs& attrs, Span<const Tensor> initial)
      : cpu_(cpu), attrs_(attrs) {
    for (const Tensor* state : initial) grads_.push_back(ZerosLike(cpu, *state));
  }
  void Give(BlockRun& run) {
    for (size_t i = 0; i < grads_.size(); ++i) run.Give(GradName(attrs_.states[i]), grads_[i]);
  }
  // What the step computed for the state before it; it lies where the next run writes.
  void Take(BlockRun& run) {
    for (size_t i = 0; i < grads_.size(); ++i) {
      const Variable* taken = run.Taken(GradName(attrs_.ex_states[i]));
      grads_[i] = taken ? CopyOf(cpu_, taken->get<Tensor>()) : ZerosLike(cpu_, grads_[i]);
    }
  }
  const Tensor& operator[](size_t i) const { return grads_[i]; }

 private:
  const CpuContext& cpu_;
  const RecurrentAttrs& attrs_;
  std::vector<Tensor> grads_;
};

// The gradient of an output at a step; zeros where the program computes none, as those of 1.8.5 do for outputs of no
// use.
Tensor OutputGradient(const CpuContext& cpu, const Variable* grad, const Variable& output, int64_t step) {
  if (grad && grad->initialized()) return Step(grad->get<Tensor>(), step);
  return ZerosLike(cpu, Step(output.get<Tensor>(), step));
}

void RunGrad(const CpuContext& cpu, const RecurrentAttrs& attrs, BlockRunner& blocks, const OpDesc& op,
             Span<const Tensor> initial_states, Span<const Tensor> inputs, Span<const Variable> outputs,
             Span<const Variable> output_grads, Span<const Variable> parameters, const Opaque& scopes, const Opaque*,
             Span<Variable> initial_grads, Span<Variable> input_grads, Span<Variable> parameter_grads) {
  CheckStates(attrs, initial_states.size());
  const int64_t steps = CountSteps(inputs);
  Require(blocks.CountKept(scopes) == steps, "the inputs have ", steps, " steps, but ", blocks.CountKept(scopes),
          " were kept");
  StateGradients states(cpu, attrs, initial_states);
  std::map<std::string, GradientSum> sums;
  for (size_t i = 0; i < std::min(parameters.size(), parameter_grads.size()); ++i)
    if (parameter_grads[i])
      sums.try_emplace(GradName(op.Input("parameters")[i]), cpu, *parameters[i], parameter_grads[i]);
  for (int64_t k = steps; k-- > 0;) {
    const int64_t step = attrs.reverse ? steps - 1 - k : k;
    BlockRun& run = blocks.Back(scopes, static_cast<int>(k));
    states.Give(run);
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i] && outputs[i]->initialized())
        run.Give(GradName(op.Input("outputs")[i]),
                 OutputGradient(cpu, i < output_grads.size() ? output_grads[i] : nullptr, *outputs[i], step));
    run.Run();
    for (size_t i = 0; i < std::min(inputs.size(), input_grads.size()); ++i)
      if (input_grads[i]) {
        const Variable* taken = run.Taken(GradName(op.Input("inputs")[i]));
        const Tensor zeros = taken ? Tensor() : ZerosLike(cpu, Step(*inputs[i], step));
        PutStep(cpu, taken ? taken->get<Tensor>() : zeros, step, steps, k == steps - 1, input_grads[i]);
      }
    states.Take(run);
    for (auto& [name, sum] : sums) sum.Add(run.Taken(name));
  }
  for (auto& entry : sums) entry.second.Finish();
  for (size_t i = 0; i < std::min(initial_states.size(), initial_grads.size()); ++i)
    if (initial_grads[i]) initial_grads[i]->Become<Tensor>().ShareFrom(states[i]);
}

constexpr std::string_view kInputs = "Tensors [steps, ...]; inside the block each is one step, under the same name.";

const Registered kOp = RegisterOp<RecurrentAttrs>({
    .name = "recurrent",
    .doc = "Runs a block once for each step of its inputs; states go from step to step.",
    .inputs = {{"inputs", kInputs, kRepeated},
               {"initial_states", "States before the first step.", kRepeated | kOptional},
               {"parameters", "Other variables of outer blocks that the block reads.", kRepeated | kOptional}},
    .outputs = {{"outputs", "Tensors [steps, ...] of what the steps compute under the same name.", kRepeated},
                {"step_scopes", "What a backward pass needs of the steps.", kOptional}},
    .infer = Infer,
    .grad = Grad,
    .traits = kHost,
    .block = "sub_block",
    .block_vars = VarsOf,
});
const Registered kCpu = RegisterKernel("recurrent", Run);
const Registered kGradOp = RegisterOp<RecurrentAttrs>({
    .name = "recurrent_grad",
    .doc = "Runs the gradient block of a recurrence over its steps, from the last to the first, and adds up gradients.",
    .inputs = {{"initial_states", "Input of the op.", kRepeated | kOptional},
               {"inputs", "Input of the op.", kRepeated},
               {"outputs", "Output of the op.", kRepeated | kOptional},
               {"outputs@GRAD", "Gradient of outputs.", kRepeated | kOptional},
               {"parameters", "Input of the op.", kRepeated | kOptional},
               {"step_scopes", "Output of the op."},
               {"step_scopes@GRAD", "The same variable.", kOptional}},
    .outputs = {{"initial_states@GRAD", "Gradient of initial_states.", kRepeated | kOptional},
                {"inputs@GRAD", "Gradient of inputs.", kRepeated | kOptional},
                {"parameters@GRAD", "Gradient of parameters.", kRepeated | kOptional}},
    .traits = kHost,
    .block = "sub_block",
    .block_vars = VarsOfGrad,
});
const Registered kGradCpu = RegisterKernel("recurrent_grad", RunGrad);

}  // namespace
}  // namespace paddle
