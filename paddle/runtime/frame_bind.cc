// Where a frame's arguments are: each instruction gets the addresses of what it reads and writes.

#include <algorithm>

#include "paddle/runtime/frame.h"
#include "paddle/tensor/transfer.h"

namespace paddle {

void Frame::ThrowMissing(const External& external) const {
  const auto var = plan_->program->block(0).FindVarRecursive(external.name);
  const std::string hint =
      var && var->persistable()
          ? "it is persistable, so run the startup program first (exe.run(fluid.default_startup_program())) or load it"
          : "no op before writes it, so it must be in the feed";
  throw InvalidArgument(StrCat("variable '", external.name, "' holds no value: ", hint, DescribeReader(external)));
}

std::string Frame::DescribeReader(const External& external) const {
  if (external.first_reader < 0 || external.first_reader >= plan_->end()) return {};
  return DescribeInstruction(plan_->instructions[external.first_reader], *plan_, nullptr);
}

void Frame::Bind(Environment& environment) {
  environment_ = nullptr;  // until all is bound
  inferred_ = false;
  ++binds_;
  for (size_t i = 0; i < externals_.size(); ++i) {
    const External& external = plan_->externals[i];
    Variable* found = environment.Find(external.name);
    if (!found && external.read_first) ThrowMissing(external);
    externals_[i] = found ? found : &environment.Make(external.name);
    if (!externals_[i]->initialized() && externals_[i]->kind() != external.kind)
      externals_[i]->BecomeKind(external.kind);
    CheckKind(static_cast<int>(i));
  }
  environment_ = &environment;
  environment_version_ = environment.version();
  for (int i = 0; i < plan_->end(); ++i) BindStep(i);
}

void Frame::CheckKind(int i) const {
  const External& external = plan_->externals[i];
  if (externals_[i]->kind() == external.kind) [[likely]]
    return;
  throw InvalidArgument(StrCat("variable '", external.name, "' holds a ", externals_[i]->kind(),
                               ", but the program describes a ", external.kind, DescribeReader(external)));
}

void Frame::BindStep(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  const size_t count = instruction.values.size();
  step.args.assign(count, nullptr);
  step.metas.assign(count, nullptr);
  step.tensors.assign(count, nullptr);
  step.copy_first.clear();
  step.external_outputs.clear();
  step.handed_over.clear();
  step.dynamic_outputs.clear();
  for (size_t slot = 0; slot + 1 < instruction.begin.size(); ++slot) {
    const bool any = instruction.kernel->args[slot].kind == ArgKind::kAny;
    for (int arg = instruction.begin[slot]; arg < instruction.begin[slot + 1]; ++arg) {
      const int value = instruction.values[arg];
      if (value < 0) continue;
      Variable* variable = VariableOf(value);
      step.args[arg] = any ? variable : variable->address();
      step.metas[arg] = MetaOf(value);
      if (variable->holds<Tensor>()) step.tensors[arg] = &variable->get<Tensor>();
      if (arg >= instruction.inputs && !instruction.block) BindOutput(i, arg, any);
    }
  }
  BindChecks(i);
  for (const auto& [output_arg, input_arg] : instruction.must_share) {
    if (!step.args[output_arg] || !step.args[input_arg] || step.args[output_arg] == step.args[input_arg]) continue;
    Ensure(step.tensors[output_arg] && step.tensors[input_arg], "only tensors can share memory");
    step.copy_first.push_back({output_arg, input_arg, step.args[input_arg]});
  }
}

// The kind must be as described, sizes known, and a LoD must describe the rows there are. Only what an op keeps for its
// gradient op may break the last: XShape has X's LoD and no rows; so inputs of which more than the description is read
// are looked at too.
void Frame::BindChecks(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  step.checks.clear();
  const size_t inputs = instruction.def->inputs.size();
  for (size_t slot = 0; slot + 1 < instruction.begin.size(); ++slot) {
    const bool output = slot >= inputs;
    const SlotSpec& spec = output ? instruction.def->outputs[slot - inputs] : instruction.def->inputs[slot];
    for (size_t arg = instruction.begin[slot]; arg < instruction.begin[slot + 1]; ++arg) {
      const int value = instruction.values[arg];
      if (value < 0) continue;
      const bool made_later = output && (plan_->values[value].home == Home::kDynamic || instruction.dynamic[arg]);
      const bool rows = !made_later && !spec.has(output ? kIntermediate : kMetaOnly);
      if (output || rows)
        step.checks.push_back({step.metas[arg], plan_->values[value].kind, output, output && !made_later, rows, value});
    }
  }
}

// Decides where an output is made: in its variable, or apart.
void Frame::BindOutput(int i, int arg, bool any) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  const int value = instruction.values[arg];
  const Home home = plan_->values[value].home;
  Variable* variable = VariableOf(value);
  const bool outside = home == Home::kExternal;
  if (!outside && home != Home::kDynamic) return;
  if (variable->holds<Tensor>() && !any) {
    bool read = false, must = false, may = false;
    for (int in = 0; in < instruction.inputs; ++in) {
      if (instruction.values[in] < 0 || VariableOf(instruction.values[in]) != variable) continue;
      const auto listed = [&](const std::vector<SharePair>& pairs) {
        return std::any_of(pairs.begin(), pairs.end(),
                           [&](const SharePair& pair) { return pair.output_arg == arg && pair.input_arg == in; });
      };
      read = true;
      must |= listed(instruction.must_share);
      may |= listed(instruction.may_share);
    }
    if (!must && (read || (outside && instruction.dynamic[arg]))) {
      step.handed_over.push_back(
          std::make_unique<Step::HandOver>(Step::HandOver{arg, value, may && !instruction.dynamic[arg]}));
      step.metas[arg] = &step.handed_over.back()->own.meta();
      return;
    }
    if (must && !outside) return;  // where its input is
  }
  if (!outside && variable->holds<Tensor>()) step.dynamic_outputs.push_back(arg);
  if (outside) step.external_outputs.emplace_back(arg, value);
}

void Frame::BindFeeds(std::span<const Tensor> feeds) {
  Ensure(feeds.size() == plan_->feeds.size(), "as many tensors must be fed as the plan has feeds");
  for (size_t i = 0; i < feeds.size(); ++i) {
    const int value = plan_->feed_values[i];
    values_[value].get<Tensor>().ShareFrom(feeds[i]);
    const TensorMeta& now = feeds[i].meta();
    TensorMeta& last = feed_metas_[i];
    if (now.dtype == last.dtype && now.dims == last.dims && now.lod == last.lod) continue;
    last = now;
    inferred_ = false;
  }
}

// What another device's plan, or the host, left elsewhere is moved to where this plan reads it.
void Frame::MoveExternals() {
  for (size_t i = 0; i < externals_.size(); ++i) {
    const Place place = plan_->externals[i].on_host ? Place{} : context_.place();
    if (IsElsewhere(*externals_[i], place)) [[unlikely]]
      MoveTo(place, externals_[i]);
  }
}

// Compares the variables outside with what they were when shapes were inferred.
bool Frame::ExternalsChanged() {
  bool changed = false;
  for (size_t i = 0; i < externals_.size(); ++i) {
    if (!plan_->externals[i].read_first) continue;
    const TensorMeta& now = externals_[i]->meta();
    TensorMeta& last = external_metas_[i];
    CheckKind(static_cast<int>(i));
    if (now.dtype == last.dtype && now.dims == last.dims && (now.lod.same(last.lod) || now.lod == last.lod) &&
        externals_[i]->initialized())
      continue;
    last = now;
    changed = true;
  }
  return changed;
}

void Frame::CheckReadable() {
  for (size_t i = 0; i < externals_.size(); ++i) {
    const External& external = plan_->externals[i];
    if (external.read_first && !externals_[i]->initialized()) ThrowMissing(external);
  }
  for (size_t value = 0; value < values_.size(); ++value)
    if (plan_->values[value].home == Home::kExternal && plan_->values[value].def < 0)
      shadows_[value] = externals_[plan_->values[value].external]->meta();
}

}  // namespace paddle
