#include "paddle/runtime/frame.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "paddle/base/interrupt.h"
#include "paddle/device/device.h"
#include "paddle/device/late_error.h"
#include "paddle/tensor/limits.h"
#include "paddle/tensor/transfer.h"

namespace paddle {

Environment::~Environment() = default;

// What an instruction's block may see of this frame: the versions of the variables that the block reads and writes.
class Frame::InnerEnvironment final : public Environment {
 public:
  InnerEnvironment(Frame& outer, const Instruction& instruction) : outer_(outer), instruction_(instruction) {}

  Variable* Find(const std::string& name) override {
    for (const int value : instruction_.block_values)
      if (outer_.plan_->values[value].name == name) return outer_.VariableOf(value);
    return nullptr;
  }
  Variable& Make(const std::string& name) override {
    Variable* found = Find(name);
    Ensure(found, "a block uses '", name, "' of the blocks around it, which was not seen before");
    return *found;
  }
  uint64_t version() const override { return outer_.binds_; }

 private:
  Frame& outer_;
  const Instruction& instruction_;
};

Frame::Frame(std::shared_ptr<const Plan> plan, const DeviceContext& context)
    : plan_(std::move(plan)),
      context_(context),
      steps_(plan_->instructions.size()),
      values_(plan_->values.size()),
      shadows_(plan_->values.size()),
      externals_(plan_->externals.size()),
      external_metas_(plan_->externals.size()),
      feed_metas_(plan_->feeds.size()),
      group_(plan_->values.size(), -1) {
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
  try {
    for (int i = 0; i < plan_->end(); ++i) RunStep(i, options);
  } catch (...) {
    for (size_t value = 0; value < values_.size(); ++value)  // no later run may see what this one left
      if (plan_->values[value].home == Home::kDynamic) values_[value].Release();
    for (Step& step : steps_)
      for (auto& output : step.handed_over) output->own.Release();
    throw;
  }
}

// Brings bindings, shapes and memory up to date.
void Frame::Ready(Environment& environment, std::span<const Tensor> feeds) {
  if (environment_ != &environment || environment_version_ != environment.version()) Bind(environment);
  BindFeeds(feeds);
  MoveExternals();
  if (!ExternalsChanged() && inferred_) return;
  inferred_ = false;
  CheckReadable();
  InferStatic();
  if (!arena_ || !InPlaceHolds() || !FitsMarks()) PlanMemory();
  inferred_ = true;
}

// As new.
void Frame::Reset() {
  environment_ = nullptr;
  inferred_ = false;
  intervals_.clear();
  in_place_.clear();
  std::fill(group_.begin(), group_.end(), -1);
  for (size_t value = 0; value < values_.size(); ++value)
    if (plan_->values[value].home != Home::kExternal) values_[value].Release();
  arena_.reset();
  for (Step& step : steps_) step = Step{};
}

void Frame::Finish() {
  for (const int value : plan_->release_at_end) values_[value].Release();
}

// ---- binding ----

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
  for (const auto& [output_arg, input_arg] : instruction.must_share) {
    if (!step.args[output_arg] || !step.args[input_arg] || step.args[output_arg] == step.args[input_arg]) continue;
    Ensure(step.tensors[output_arg] && step.tensors[input_arg], "only tensors can share memory");
    step.copy_first.push_back({output_arg, input_arg, step.args[input_arg]});
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

// ---- shapes ----

void Frame::InferStatic() {
  for (int i = 0; i < plan_->end(); ++i)
    if (!plan_->instructions[i].infer_at_turn) InferStep(i);
}

// The kind must be as described, sizes known, and a LoD must describe the rows there are. Only what an op keeps for its
// gradient op may break the last: XShape has X's LoD and no rows; so inputs of which more than the description is read
// are looked at too.
void Frame::CheckInferred(int i) {
  const Instruction& instruction = plan_->instructions[i];
  const auto check_rows = [&](size_t arg) {
    const TensorMeta& meta = *steps_[i].metas[arg];
    if (meta.lod.empty() || !meta.dims.known()) return;
    meta.lod.CheckRows(meta.dims.rank() ? meta.dims[0] : 0, plan_->values[instruction.values[arg]].name.c_str());
  };
  const auto check_output = [&](size_t arg) {
    TensorMeta& meta = *steps_[i].metas[arg];
    const Value& value = plan_->values[instruction.values[arg]];
    const VarKind made = meta.kind;
    meta.kind = value.kind;
    Require(made == value.kind, "the op makes a ", made, " of '", value.name, "', but the program describes a ",
            value.kind);
    if (value.home == Home::kDynamic || instruction.dynamic[arg]) return false;
    Require(meta.dims.known(), "the shape of '", value.name, "' came out as ", meta.dims,
            ", but every size must be known when the program runs");
    CheckBytes(meta);
    return true;
  };
  const size_t inputs = instruction.def->inputs.size();
  for (size_t slot = 0; slot + 1 < instruction.begin.size(); ++slot) {
    const SlotSpec& spec = slot < inputs ? instruction.def->inputs[slot] : instruction.def->outputs[slot - inputs];
    for (size_t arg = instruction.begin[slot]; arg < instruction.begin[slot + 1]; ++arg) {
      if (instruction.values[arg] < 0) continue;
      if (slot < inputs ? !spec.has(kMetaOnly) : check_output(arg) && !spec.has(kIntermediate)) check_rows(arg);
    }
  }
}

void Frame::InferStep(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  try {
    InferContext context(*instruction.def, {step.metas.data(), instruction.begin.data()}, step.tensors.data());
    instruction.def->infer(instruction.attrs.get(), context);
    if (!instruction.block) CheckInferred(i);
    if (instruction.kernel->prepare) PrepareState(i);
    if (!instruction.infer_at_turn)  // for the shapes of later instructions; else the kernel's end tells
      for (const auto& output : step.handed_over) *MetaOf(output->value) = output->own.meta();
  } catch (const std::exception& error) {
    RethrowWithContext(error, DescribeInstruction(instruction, *plan_, step.metas.data()));
  }
}

void Frame::PrepareState(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  bool same = step.state != nullptr;
  step.state_shapes.resize(step.metas.size());
  for (size_t arg = 0; arg < step.metas.size(); ++arg) {
    Shape shape;
    if (const TensorMeta* meta = step.metas[arg]) {
      shape.dtype = meta->dtype;
      shape.dims = meta->dims;
      if (!meta->lod.empty()) shape.sequences = meta->lod.sequences(meta->lod.levels() - 1);
    }
    if (same && !(shape == step.state_shapes[arg])) same = false;
    step.state_shapes[arg] = shape;
  }
  if (same) return;
  step.state.reset();  // should the next line throw, no later run takes it for the new shapes
  OpMetas metas(*instruction.def, {step.metas.data(), instruction.begin.data()});
  step.state = instruction.kernel->prepare(ContextOf(instruction.on_host), instruction.attrs.get(), metas);
  step.scratch_bytes = instruction.kernel->scratch_bytes ? instruction.kernel->scratch_bytes(step.state.get()) : 0;
}

// ---- running ----

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
    if (tensor.buffer()) tensor.buffer()->MarkWritten();
  }
  for (const auto& output : step.handed_over) SettleHandOver(i, output.get());
  for (const int arg : step.dynamic_outputs) {
    Tensor& tensor = VariableOf(plan_->instructions[i].values[arg])->get<Tensor>();
    if (tensor.dims().known())
      tensor.Allocate(ContextOf(plan_->values[plan_->instructions[i].values[arg]].on_host).allocator());
  }
}

void Frame::SettleHandOver(int i, Step::HandOver* output) {
  Step& step = steps_[i];
  Tensor& there = VariableOf(output->value)->get<Tensor>();
  const TensorMeta& wanted = output->own.meta();
  output->in_place =
      output->may_share && there.initialized() && there.dims() == wanted.dims && there.dtype() == wanted.dtype;
  if (output->in_place && there.buffer()) there.buffer()->MarkWritten();
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

// A variable that only a block writes holds nothing when the block did not run.
void Frame::CheckInputs(int i) const {
  const Instruction& instruction = plan_->instructions[i];
  for (int arg = 0; arg < instruction.inputs; ++arg) {
    const int value = instruction.values[arg];
    if (value < 0 || !steps_[i].tensors[arg] || steps_[i].tensors[arg]->initialized()) continue;
    if (plan_->values[value].home == Home::kArena || plan_->values[value].last < i) continue;
    throw InvalidArgument(StrCat("variable '", plan_->values[value].name,
                                 "' holds no value: the block that writes it did not run",
                                 DescribeInstruction(instruction, *plan_, steps_[i].metas.data())));
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
  call.state = step.state.get();
  if (step.scratch_bytes) {
    if (step.scratch_interval >= 0) {
      call.scratch = {arena_->data() + intervals_[step.scratch_interval].offset, step.scratch_bytes};
    } else {
      if (!step.scratch || step.scratch->size() < step.scratch_bytes)
        step.scratch = call.context->allocator().Allocate(step.scratch_bytes);
      call.scratch = {step.scratch->data(), step.scratch_bytes};
    }
  }
  call.random.run = options.random;
  call.random.run.op = instruction.random_id;
  call.blocks = this;
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
  if (options.check_nan_inf) [[unlikely]]
    CheckNanInf(i);
}

void Frame::Run(BlockRef) {
  Step& step = steps_[running_];
  const Instruction& instruction = plan_->instructions[running_];
  const int outer_running = running_;
  if (!step.inner) {
    step.inner_environment = std::make_unique<InnerEnvironment>(*this, instruction);
    step.inner = std::make_unique<Frame>(instruction.block, context_);
  }
  step.inner->Run(*step.inner_environment, {}, *options_);
  running_ = outer_running;
}

namespace {

template <class T>
int64_t FirstNonFinite(const Tensor& tensor) {
  const T* data = tensor.data<T>();
  for (int64_t k = 0; k < tensor.numel(); ++k)
    if (!std::isfinite(static_cast<float>(data[k])) && !std::isfinite(static_cast<double>(data[k]))) return k;
  return -1;
}

int64_t FirstNonFinite(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return FirstNonFinite<float>(tensor);
    case DType::kFloat64:
      return FirstNonFinite<double>(tensor);
    case DType::kFloat16:
      return FirstNonFinite<Float16>(tensor);
    case DType::kBFloat16:
      return FirstNonFinite<BFloat16>(tensor);
    default:
      return -1;
  }
}

}  // namespace

void Frame::CheckNanInf(int i) const {
  const Instruction& instruction = plan_->instructions[i];
  for (size_t arg = instruction.inputs; arg < instruction.values.size(); ++arg) {
    const Tensor* tensor = steps_[i].tensors[arg];
    if (!tensor || !tensor->initialized()) continue;
    const int64_t at = IsFloating(tensor->dtype()) ? FirstNonFinite(OnHost(*tensor)) : -1;
    if (at >= 0)
      throw Error(StrCat("FLAGS_check_nan_inf: '", plan_->values[instruction.values[arg]].name,
                         "' has a NaN or infinity, first at element ", at));
  }
}

// A copy on the host that belongs to the caller.
Tensor Frame::CopyOut(const Tensor& from) const {
  Tensor copy;
  copy.meta() = from.meta();
  if (!from.initialized()) return copy;  // an array may have items without a value
  copy.Allocate(CachingAllocator());
  ContextOf(from.place().is_cpu()).CopyToHost(copy.mutable_raw(), from.raw(), from.bytes());
  return copy;
}

Variable Frame::Fetch(int i) {
  const int value = plan_->fetch_values[i];
  Variable& from = *VariableOf(value);
  if (!from.initialized())
    throw InvalidArgument(
        StrCat("variable '", plan_->fetches[i], "' cannot be fetched: it holds no value after the run"));
  Variable copy;
  copy.BecomeKind(from.kind());
  if (from.holds<Tensor>()) {
    copy.get<Tensor>() = CopyOut(from.get<Tensor>());
  } else if (from.holds<SelectedRows>()) {
    auto& to = copy.get<SelectedRows>();
    to.meta = from.get<SelectedRows>().meta;
    to.rows = from.get<SelectedRows>().rows;
    to.value = CopyOut(from.get<SelectedRows>().value);
  } else if (from.holds<TensorArray>()) {
    auto& to = copy.get<TensorArray>();
    to.meta = from.get<TensorArray>().meta;
    for (const Tensor& item : from.get<TensorArray>().items) to.items.push_back(CopyOut(item));
  } else {
    throw InvalidArgument(StrCat("variable '", plan_->fetches[i], "' is a ", from.kind(), ", which cannot be fetched"));
  }
  return copy;
}

}  // namespace paddle
