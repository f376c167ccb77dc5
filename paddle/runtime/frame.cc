#include "paddle/runtime/frame.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "paddle/runtime/interrupt.h"

namespace paddle {

Environment::~Environment() = default;

// The variables of this frame, for the frame of a sub-block.
class Frame::InnerEnvironment final : public Environment {
 public:
  explicit InnerEnvironment(Frame& outer) : outer_(outer) {}

  // The version of the variable that is current at the running instruction.
  Variable* Find(const std::string& name) override {
    const auto& values = outer_.plan_->values;
    int best = -1;
    for (size_t value = 0; value < values.size(); ++value)
      if (values[value].name == name && values[value].def <= outer_.running_ &&
          (best < 0 || values[value].def >= values[best].def))
        best = static_cast<int>(value);
    return best >= 0 ? outer_.VariableOf(best) : outer_.environment_->Find(name);
  }
  Variable& Make(const std::string& name) override {
    if (Variable* found = Find(name)) return *found;
    return outer_.environment_->Make(name);
  }
  uint64_t version() const override { return outer_.environment_version_; }

 private:
  Frame& outer_;
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

void Frame::Run(Environment& environment, std::span<const Tensor> feeds, const RunOptions& options) {
  if (environment_ != &environment || environment_version_ != environment.version()) Bind(environment);
  BindFeeds(feeds);
  const bool changed = ExternalsChanged();
  if (changed || !inferred_) {
    inferred_ = false;
    CheckReadable();
    InferStatic();
    if (!arena_ || !InPlaceHolds() || !FitsMarks()) PlanMemory();
    inferred_ = true;
  }
  options_ = &options;
  try {
    for (int i = 0; i < plan_->end(); ++i) RunStep(i, options);
  } catch (...) {
    for (size_t value = 0; value < values_.size(); ++value)  // no later run may see what this one left
      if (plan_->values[value].home == Home::kDynamic) values_[value].Release();
    throw;
  }
}

// ---- binding ----

void Frame::ThrowMissing(const External& external) const {
  const auto var = plan_->program->block(0).FindVarRecursive(external.name);
  const std::string hint =
      var && var->persistable()
          ? "it is persistable, so run the startup program first (exe.run(fluid.default_startup_program())) or load it"
          : "no op before writes it, so it must be in the feed";
  const std::string where = external.first_reader < 0 || external.first_reader >= plan_->end()
                                ? std::string()
                                : DescribeInstruction(plan_->instructions[external.first_reader], *plan_, nullptr);
  throw InvalidArgument(StrCat("variable '", external.name, "' holds no value: ", hint, where));
}

void Frame::Bind(Environment& environment) {
  for (size_t i = 0; i < externals_.size(); ++i) {
    const External& external = plan_->externals[i];
    Variable* found = environment.Find(external.name);
    if (!found && external.read_first) ThrowMissing(external);
    externals_[i] = found ? found : &environment.Make(external.name);
    if (!externals_[i]->initialized() && externals_[i]->kind() != external.kind)
      externals_[i]->BecomeKind(external.kind);
    Require(externals_[i]->kind() == external.kind, "variable '", external.name, "' holds a ", externals_[i]->kind(),
            ", but the program describes a ", external.kind);
  }
  environment_ = &environment;
  environment_version_ = environment.version();
  inferred_ = false;
  for (int i = 0; i < plan_->end(); ++i) BindStep(i);
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
      if (arg < instruction.inputs) continue;
      const Home home = plan_->values[value].home;
      if (home == Home::kExternal && instruction.dynamic[arg] && variable->holds<Tensor>() && !any &&
          !instruction.block) {
        Tensor& own = values_[value].get<Tensor>();
        step.args[arg] = &own;
        step.metas[arg] = &own.meta();
        step.tensors[arg] = &own;
        step.handed_over.emplace_back(arg, value);
        continue;
      }
      if (home == Home::kExternal) step.external_outputs.emplace_back(arg, value);
      if (home == Home::kDynamic && variable->holds<Tensor>()) step.dynamic_outputs.push_back(arg);
    }
  }
  for (const auto& [output_arg, input_arg] : instruction.must_share) {
    if (!step.args[output_arg] || !step.args[input_arg] || step.args[output_arg] == step.args[input_arg]) continue;
    Ensure(step.tensors[output_arg] && step.tensors[input_arg], "only tensors can share memory");
    step.copy_first.push_back({output_arg, step.args[input_arg]});
    step.args[input_arg] = step.args[output_arg];
  }
}

void Frame::BindFeeds(std::span<const Tensor> feeds) {
  Ensure(feeds.size() == plan_->feeds.size(), "as many tensors must be fed as the plan has feeds");
  for (size_t i = 0; i < feeds.size(); ++i) {
    const int value = plan_->feed_values[i];
    Tensor& tensor = values_[value].get<Tensor>();
    tensor.ShareFrom(feeds[i]);
    const TensorMeta& now = feeds[i].meta();
    TensorMeta& last = feed_metas_[i];
    if (now.dtype == last.dtype && now.dims == last.dims && now.lod == last.lod) continue;
    last = now;
    inferred_ = false;
  }
}

// Compares the variables outside with what they were when shapes were inferred.
bool Frame::ExternalsChanged() {
  bool changed = false;
  for (size_t i = 0; i < externals_.size(); ++i) {
    if (!plan_->externals[i].read_first) continue;
    const TensorMeta& now = externals_[i]->meta();
    TensorMeta& last = external_metas_[i];
    Require(now.kind == plan_->externals[i].kind, "variable '", plan_->externals[i].name, "' now holds a ", now.kind,
            "; it was a ", plan_->externals[i].kind, " when the program was prepared");
    if (now.dtype == last.dtype && now.dims == last.dims && (now.lod.same(last.lod) || now.lod == last.lod)) continue;
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

void Frame::InferStep(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  try {
    InferContext context(*instruction.def, {step.metas.data(), instruction.begin.data()}, step.tensors.data());
    instruction.def->infer(instruction.attrs.get(), context);
    for (size_t arg = instruction.inputs; arg < step.metas.size(); ++arg) {
      const int value = instruction.values[arg];
      if (value < 0 || plan_->values[value].home == Home::kDynamic || instruction.dynamic[arg]) continue;
      Require(step.metas[arg]->dims.known(), "the shape of '", plan_->values[value].name, "' came out as ",
              step.metas[arg]->dims, ", but every size must be known when the program runs");
      step.metas[arg]->bytes();  // throws when it is out of all bounds
      step.metas[arg]->lod.CheckRows(step.metas[arg]->dims.rank() ? step.metas[arg]->dims[0] : 0,
                                     plan_->values[value].name.c_str());
    }
    if (instruction.kernel->prepare) PrepareState(i);
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
      shape.dims = meta->dims;
      if (!meta->lod.empty()) shape.sequences = meta->lod.sequences(meta->lod.levels() - 1);
    }
    if (same && !(shape == step.state_shapes[arg])) same = false;
    step.state_shapes[arg] = shape;
  }
  if (same) return;
  OpMetas metas(*instruction.def, {step.metas.data(), instruction.begin.data()});
  step.state = instruction.kernel->prepare(context_, instruction.attrs.get(), metas);
  step.scratch_bytes = instruction.kernel->scratch_bytes ? instruction.kernel->scratch_bytes(step.state.get()) : 0;
}

// ---- memory ----

// Whether the values that share memory by choice still have the same size.
bool Frame::InPlaceHolds() const {
  return std::all_of(in_place_.begin(), in_place_.end(), [&](const auto& pair) {
    return values_[pair.first].meta().bytes() == values_[pair.second].meta().bytes();
  });
}

bool Frame::FitsMarks() const {
  for (size_t value = 0; value < values_.size(); ++value)
    if (group_[value] >= 0 && values_[value].meta().bytes() > intervals_[group_[value]].bytes) return false;
  for (const Step& step : steps_)
    if (step.scratch_bytes &&
        (step.scratch_interval < 0 || step.scratch_bytes > intervals_[step.scratch_interval].bytes))
      return false;
  return true;
}

// Decides which values share an interval: those that must, and those that may and fit.
void Frame::GroupValues() {
  const std::vector<Interval> old_intervals = std::move(intervals_);
  const std::vector<int> old_group = group_;
  intervals_.clear();
  in_place_.clear();
  std::fill(group_.begin(), group_.end(), -1);
  const auto old_mark = [&](int value) { return old_group[value] >= 0 ? old_intervals[old_group[value]].bytes : 0; };
  const auto in_arena = [&](int value) { return value >= 0 && plan_->values[value].home == Home::kArena; };
  const auto open = [&](int value) {
    const Value& v = plan_->values[value];
    group_[value] = static_cast<int>(intervals_.size());
    intervals_.push_back({v.def, std::max(v.last, v.def), 0});
  };
  for (int i = 0; i < plan_->end(); ++i) {
    const Instruction& instruction = plan_->instructions[i];
    const auto try_share = [&](const SharePair& pair, bool must) {
      const int out = instruction.values[pair.output_arg], in = instruction.values[pair.input_arg];
      if (!in_arena(out) || !in_arena(in) || group_[out] >= 0 || group_[in] < 0 || plan_->values[out].def != i) return;
      Interval& interval = intervals_[group_[in]];
      if (interval.last != i) return;  // somebody reads the input later
      if (values_[out].meta().bytes() != values_[in].meta().bytes()) return;
      group_[out] = group_[in];
      interval.last = std::max(plan_->values[out].last, i);
      if (!must) in_place_.emplace_back(out, in);
    };
    for (const auto& pair : instruction.must_share) try_share(pair, true);
    for (const auto& pair : instruction.may_share) try_share(pair, false);
    for (size_t arg = instruction.inputs; arg < instruction.values.size(); ++arg) {
      const int value = instruction.values[arg];
      if (in_arena(value) && group_[value] < 0) open(value);
    }
  }
  for (size_t value = 0; value < values_.size(); ++value) {
    if (group_[value] < 0) continue;
    const size_t needed = values_[value].meta().bytes();
    const size_t mark = old_mark(static_cast<int>(value));
    // A size seen before is kept; one that grew gets an eighth more, so that growing batches settle quickly.
    const size_t bytes = mark == 0 ? needed : needed <= mark ? mark : needed + needed / 8;
    intervals_[group_[value]].bytes = std::max(intervals_[group_[value]].bytes, bytes);
  }
  for (int i = 0; i < plan_->end(); ++i) {
    Step& step = steps_[i];
    const size_t mark = step.scratch_interval >= 0 ? old_intervals[step.scratch_interval].bytes : 0;
    step.scratch_interval = -1;
    if (step.scratch_bytes == 0 || plan_->instructions[i].infer_at_turn) continue;
    step.scratch_interval = static_cast<int>(intervals_.size());
    intervals_.push_back({i, i, std::max(mark, step.scratch_bytes)});
  }
}

void Frame::PlanMemory() {
  GroupValues();
  const size_t bytes = PlaceIntervals(&intervals_);
  if (!arena_ || arena_->size() < bytes) {
    for (size_t value = 0; value < values_.size(); ++value)
      if (plan_->values[value].home == Home::kArena) values_[value].Release();
    arena_.reset();  // before the new one is taken: nothing in it outlives a run
    arena_ = context_.system().Allocate(bytes);
  }
  BindArena();
}

void Frame::BindArena() {
  for (size_t value = 0; value < values_.size(); ++value)
    if (group_[value] >= 0) values_[value].get<Tensor>().Bind(arena_, intervals_[group_[value]].offset);
}

Frame::Placement Frame::PlacementOf(int value) const {
  if (group_[value] < 0 || !arena_) return {};
  const Interval& interval = intervals_[group_[value]];
  return {static_cast<int64_t>(interval.offset), interval.bytes};
}

void Frame::Trim() {
  for (size_t value = 0; value < values_.size(); ++value)
    if (plan_->values[value].home != Home::kExternal) values_[value].Release();
  arena_.reset();
  inferred_ = false;
  for (Step& step : steps_) {
    step.scratch.reset();
    if (step.inner) step.inner->Trim();
  }
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
    if (tensor.initialized() && tensor.dims() == wanted.dims && tensor.dtype() == wanted.dtype) {
      if (!tensor.lod().same(wanted.lod)) tensor.set_lod(wanted.lod);
      continue;
    }
    tensor.meta() = wanted;
    if (wanted.dims.known()) tensor.Allocate(context_.system());
  }
  for (const auto& [arg, value] : step.handed_over) {
    Tensor& own = values_[value].get<Tensor>();
    if (own.dims().known()) own.Allocate(context_.allocator());
  }
  if (plan_->instructions[i].block) return;  // the block writes its variables itself
  for (const int arg : step.dynamic_outputs) {
    Tensor& tensor = *static_cast<Tensor*>(VariableOf(plan_->instructions[i].values[arg])->address());
    if (tensor.dims().known()) tensor.Allocate(context_.allocator());
  }
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
  if (!step.external_outputs.empty() || !step.dynamic_outputs.empty() || !step.handed_over.empty()) SettleOutputs(i);
  for (const auto& copy : step.copy_first) {
    const auto& from = *static_cast<const Tensor*>(copy.from);
    auto& to = *static_cast<Tensor*>(step.args[copy.output_arg]);
    if (from.raw() != to.raw()) context_.Copy(to.mutable_raw(), from.raw(), from.bytes());
  }
  KernelCall call;
  call.context = &context_;
  call.attrs = instruction.attrs.get();
  call.state = step.state.get();
  if (step.scratch_bytes) {
    if (step.scratch_interval >= 0) {
      call.scratch = {arena_->data() + intervals_[step.scratch_interval].offset, step.scratch_bytes};
    } else {
      if (!step.scratch || step.scratch->size() < step.scratch_bytes)
        step.scratch = context_.allocator().Allocate(step.scratch_bytes);
      call.scratch = {step.scratch->data(), step.scratch_bytes};
    }
  }
  call.random.run = options.random;
  call.random.run.op = instruction.random_id;
  call.blocks = this;
  call.desc = &instruction.desc;
  call.args = step.args.data();
  call.begin = instruction.begin.data();
  running_ = i;
  try {
    if (options.hook) [[unlikely]] {
      const auto now = [] {
        return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
      };
      const uint64_t begin = now();
      instruction.kernel->run(call);
      (*options.hook)(instruction, begin, now());
    } else {
      instruction.kernel->run(call);
    }
    if (options.check_nan_inf) [[unlikely]]
      CheckNanInf(i);
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    RethrowWithContext(error, DescribeInstruction(instruction, *plan_, step.metas.data()));
  }
  for (const auto& [arg, value] : step.external_outputs) {
    Variable& variable = *externals_[plan_->values[value].external];
    if (variable.holds<Tensor>() && variable.get<Tensor>().buffer()) variable.get<Tensor>().buffer()->MarkWritten();
    if (instruction.infer_at_turn || instruction.dynamic[arg]) shadows_[value] = variable.meta();
  }
  for (const auto& [arg, value] : step.handed_over) {
    Tensor& own = values_[value].get<Tensor>();
    externals_[plan_->values[value].external]->get<Tensor>().ShareFrom(own);
    shadows_[value] = own.meta();
    own.Release();
  }
  for (const int value : instruction.release) values_[value].Release();
}

void Frame::Run(BlockRef) {
  Step& step = steps_[running_];
  const Instruction& instruction = plan_->instructions[running_];
  const int outer_running = running_;
  if (!step.inner) step.inner = std::make_unique<Frame>(instruction.block, context_);
  InnerEnvironment inner(*this);
  step.inner->environment_ = nullptr;  // the environment object is new each time: bind again
  step.inner->Run(inner, {}, *options_);
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
    const int64_t at = FirstNonFinite(*tensor);
    if (at >= 0)
      throw Error(StrCat("FLAGS_check_nan_inf: '", plan_->values[instruction.values[arg]].name,
                         "' has a NaN or infinity, first at element ", at));
  }
}

// A copy on the host that belongs to the caller.
Tensor Frame::CopyOut(const Tensor& from) const {
  Tensor copy;
  copy.meta() = from.meta();
  copy.Allocate(CachingAllocator());
  context_.CopyToHost(copy.mutable_raw(), from.raw(), from.bytes());
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
