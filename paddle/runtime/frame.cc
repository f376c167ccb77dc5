#include "paddle/runtime/frame.h"

#include <algorithm>
#include <chrono>

#include "paddle/base/interrupt.h"
#include "paddle/device/device.h"
#include "paddle/device/late_error.h"
#include "paddle/runtime/iteration.h"

namespace paddle {

Environment::~Environment() = default;

Frame::Frame(std::shared_ptr<const Plan> plan, const DeviceContext& context)
    : Frame(std::move(plan), context, std::make_shared<ArenaPool>()) {
  temporary_ = nullptr;
}

Frame::Frame(std::shared_ptr<const Plan> plan, const DeviceContext& context, std::shared_ptr<ArenaPool> pool)
    : plan_(std::move(plan)),
      context_(context),
      steps_(plan_->instructions.size()),
      values_(plan_->values.size()),
      shadows_(plan_->values.size()),
      externals_(plan_->externals.size()),
      external_metas_(plan_->externals.size()),
      feed_metas_(plan_->feeds.size()),
      group_(plan_->values.size(), -1),
      in_place_(plan_->values.size(), -1),
      marks_(plan_->values.size(), 0),
      pool_(std::move(pool)),
      temporary_(&pool_->Of(*plan_)) {
  for (size_t value = 0; value < values_.size(); ++value) {
    if (plan_->values[value].home != Home::kExternal) values_[value].BecomeKind(plan_->values[value].kind);
    shadows_[value].kind = plan_->values[value].kind;
  }
}

Frame::~Frame() = default;

TensorMeta* Frame::MetaOf(int value) {
  return plan_->values[value].home == Home::kExternal ? &shadows_[value] : &values_[value].meta();
}

Variable* Frame::VariableOf(int value) {
  const Value& v = plan_->values[value];
  return v.home == Home::kExternal ? externals_[v.external] : &values_[value];
}

const DeviceContext& Frame::ContextOf(bool on_host) const {
  return on_host ? static_cast<const DeviceContext&>(HostContext()) : context_;
}

void Frame::Run(Environment& environment, std::span<const Tensor> feeds, const RunOptions& options) {
  try {
    Ready(environment, feeds);
  } catch (...) {
    Reset();  // nothing half-made may be taken for ready by the next run
    throw;
  }
  options_ = &options;
  for (auto& entry : fetched_) entry.second.Release();
  try {
    for (int i = 0; i < plan_->end(); ++i) RunStep(i, options);
  } catch (...) {
    for (size_t value = 0; value < values_.size(); ++value)  // no later run may see what this one left
      if (plan_->values[value].home == Home::kDynamic) values_[value].Release();
    for (Step& step : steps_) {
      for (auto& output : step.handed_over) output->own.Release();
      step.runs.reset();  // there may be any number of them, as of a loop without end
    }
    throw;
  }
}

// Brings bindings, shapes and memory up to date.
void Frame::Ready(Environment& environment, std::span<const Tensor> feeds) {
  if (environment_ != &environment || environment_version_ != environment.version()) Bind(environment);
  BindFeeds(feeds);
  MoveExternals();
  if (!ExternalsChanged() && inferred_ && !outgrown_) {
    if (temporary_ && bound_temporary_ != *temporary_) BindArena();
    return;
  }
  inferred_ = false;
  CheckReadable();
  InferStatic();
  if (!arena_ || outgrown_ || !InPlaceHolds() || !FitsMarks())
    PlanMemory();
  else if (temporary_ && bound_temporary_ != *temporary_)
    BindArena();
  inferred_ = true;
}

// As new.
void Frame::Reset() {
  environment_ = nullptr;
  inferred_ = false;
  intervals_.clear();
  std::fill(group_.begin(), group_.end(), -1);
  std::fill(in_place_.begin(), in_place_.end(), -1);
  std::fill(marks_.begin(), marks_.end(), 0);
  outgrown_ = false;
  for (size_t value = 0; value < values_.size(); ++value)
    if (plan_->values[value].home != Home::kExternal) values_[value].Release();
  arena_.reset();
  bound_temporary_.reset();
  for (Step& step : steps_) step = Step{};
}

void Frame::Finish() {
  for (const int value : plan_->release_at_end) values_[value].Release();
  for (auto& entry : fetched_) entry.second.Release();
}

const Frame* Frame::FrameOfBlock(int instruction) const {
  const auto& runs = steps_[instruction].runs;
  return runs && runs->first() ? &runs->first()->frame() : nullptr;
}

// Gives outputs whose place is not in the arena their meta and memory.
void Frame::SettleOutputs(int i) {
  Step& step = steps_[i];
  for (const auto& [arg, value] : step.external_outputs) {
    Variable& variable = *externals_[plan_->values[value].external];
    const TensorMeta& wanted = shadows_[value];
    if (!variable.holds<Tensor>()) {
      if (wanted.dims.rank()) variable.meta() = wanted;
      continue;
    }
    Tensor& tensor = variable.get<Tensor>();
    if (!tensor.initialized() || !(tensor.dims() == wanted.dims) || tensor.dtype() != wanted.dtype) {
      tensor.meta() = wanted;
      if (wanted.dims.known()) tensor.Allocate(ContextOf(plan_->values[value].on_host).system());
    } else if (!tensor.lod().same(wanted.lod)) {
      tensor.set_lod(wanted.lod);
    }
  }
  for (const auto& output : step.handed_over) SettleHandOver(i, output.get());
  for (const int arg : step.dynamic_outputs) SettleDynamic(i, arg);
}

void Frame::SettleHandOver(int i, Step::HandOver* output) {
  Step& step = steps_[i];
  Tensor& there = VariableOf(output->value)->get<Tensor>();
  const TensorMeta& wanted = output->own.meta();
  output->in_place =
      output->may_share && there.initialized() && there.dims() == wanted.dims && there.dtype() == wanted.dtype;
  if (!output->in_place && wanted.dims.known())
    output->own.Allocate(ContextOf(plan_->values[output->value].on_host).allocator());
  Tensor& target = output->in_place ? there : output->own;
  step.args[output->arg] = &target;
  step.tensors[output->arg] = &target;
}

// What the kernel made outside the frame becomes what the variables hold, and what later instructions see of them.
void Frame::PublishOutputs(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  const auto refresh = [&](int value) {
    if (plan_->values[value].home == Home::kExternal) shadows_[value] = VariableOf(value)->meta();
  };
  for (const auto& [arg, value] : step.external_outputs)
    if (instruction.infer_at_turn || instruction.dynamic[arg]) refresh(value);
  for (const auto& output : step.handed_over) {
    Tensor& there = VariableOf(output->value)->get<Tensor>();
    if (output->in_place) {
      there.set_lod(output->own.lod());
    } else {
      there.ShareFrom(output->own);
      output->own.Release();
    }
    refresh(output->value);
  }
  if (instruction.block)
    for (const int value : instruction.block_values) refresh(value);
}

// A variable that only a block writes holds nothing when the block did not run. Kernels that look at a variable's kind
// look at this too.
void Frame::CheckInputs(int i) const {
  const Instruction& instruction = plan_->instructions[i];
  for (size_t slot = 0; slot < instruction.def->inputs.size(); ++slot) {
    if (instruction.kernel->args[slot].kind == ArgKind::kAny) continue;
    for (int arg = instruction.begin[slot]; arg < instruction.begin[slot + 1]; ++arg) {
      const int value = instruction.values[arg];
      if (value < 0 || !steps_[i].tensors[arg] || steps_[i].tensors[arg]->initialized()) continue;
      if (plan_->values[value].home == Home::kArena || plan_->values[value].last < i) continue;
      throw InvalidArgument(StrCat("variable '", plan_->values[value].name,
                                   "' holds no value: the block that writes it did not run",
                                   DescribeInstruction(instruction, *plan_, steps_[i].metas.data())));
    }
  }
}

void Frame::RunStep(int i, const RunOptions& options) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  if (InterruptRequested()) [[unlikely]]
    throw Cancelled("the run was interrupted");
  if (instruction.infer_at_turn) {
    CheckInputs(i);
    InferStep(i);
  }
  running_ = i;
  try {
    RunKernel(i, options);
  } catch (const Cancelled&) {
    throw;
  } catch (const LateError&) {
    throw;
  } catch (const std::exception& error) {
    RethrowWithContext(error, DescribeInstruction(instruction, *plan_, step.metas.data()));
  }
  if (!step.external_outputs.empty() || !step.handed_over.empty() || instruction.block) PublishOutputs(i);
  for (const int value : instruction.release) values_[value].Release();
}

Scratch Frame::ScratchOf(int i) {
  Step& step = steps_[i];
  if (step.scratch_interval >= 0 && step.scratch_bytes <= intervals_[step.scratch_interval].bytes) {
    const Interval& interval = intervals_[step.scratch_interval];
    return {ArenaOf(interval)->data() + interval.offset, step.scratch_bytes};
  }
  if (!step.scratch || step.scratch->size() < step.scratch_bytes)
    step.scratch = ContextOf(plan_->instructions[i].on_host).allocator().Allocate(step.scratch_bytes);
  if (PlacedAtTurn(i)) {
    step.scratch_mark = std::max(step.scratch_mark, step.scratch_bytes);
    outgrown_ = true;
  }
  return {step.scratch->data(), step.scratch_bytes};
}

void Frame::RunKernel(int i, const RunOptions& options) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  if (!step.external_outputs.empty() || !step.dynamic_outputs.empty() || !step.handed_over.empty()) SettleOutputs(i);
  for (const auto& copy : step.copy_first) {
    const auto& from = *static_cast<const Tensor*>(copy.from);
    auto& to = *static_cast<Tensor*>(step.args[copy.output_arg]);
    if (from.raw() != to.raw()) ContextOf(instruction.on_host).Copy(to.mutable_raw(), from.raw(), from.bytes());
    step.args[copy.input_arg] = &to;
  }
  KernelCall call;
  call.context = &ContextOf(instruction.on_host);
  call.attrs = instruction.attrs.get();
  call.state = step.state;
  if (step.scratch_bytes) call.scratch = ScratchOf(i);
  call.random.run = options.random;
  call.random.run.op = instruction.random_id;
  call.blocks = this;
  if (instruction.block) StartBlock(i);
  call.desc = &instruction.desc;
  call.args = step.args.data();
  call.begin = instruction.begin.data();
  if (options.hook) [[unlikely]] {
    const auto now = [] { return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()); };
    const uint64_t begin = now();
    instruction.kernel->run(call);
    call.context->Synchronize();  // else the time would be that of giving it the work
    (*options.hook)(instruction, begin, now());
  } else {
    instruction.kernel->run(call);
  }
  if (step.scratch && PlacedAtTurn(i)) step.scratch.reset();  // it has a place in the arena from the next run on
  if (instruction.block && step.runs->kept() == 0) step.runs->Finish();
  if (options.check_nan_inf) [[unlikely]]
    CheckNanInf(i);
}

}  // namespace paddle
