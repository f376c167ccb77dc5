#include "paddle/runtime/iteration.h"

#include <algorithm>
#include <atomic>

#include "paddle/base/interrupt.h"
#include "paddle/device/late_error.h"

namespace paddle {
namespace {

uint64_t NextUid() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

// Each run of a block has random numbers of its own (the finalizer of SplitMix64, Steele et al. 2014).
uint64_t Mix(uint64_t seed, int number) {
  uint64_t z = seed + 0x9E3779B97F4A7C15 * (static_cast<uint64_t>(number) + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

void CopyTensor(const DeviceContext& context, const Tensor& from, Tensor* to) {
  to->meta() = from.meta();
  to->Allocate(context.allocator());
  context.Copy(to->mutable_raw(), from.raw(), from.bytes());
}

}  // namespace

Iteration::Iteration(Frame& outer, const Instruction& instruction)
    : outer_(outer),
      instruction_(instruction),
      frame_(instruction.block, outer.context_, outer.pool_),
      uid_(NextUid()) {
  for (const auto& name : instruction.block->given) given_[name];
}

void Iteration::Start(int number, bool keep) {
  number_ = number;
  keep_ = keep;
}

void Iteration::SetForward(Iteration* forward) {
  if (forward_ == forward && forward_uid_ == forward->uid_) return;
  forward_ = forward;
  forward_uid_ = forward->uid_;
  ++changes_;
}

Iteration::Given& Iteration::FindGiven(const std::string& name) {
  const auto found = given_.find(name);
  Require(found != given_.end(), "the op gives its block '", name, "', which was not seen before");
  return found->second;
}

bool Iteration::Writes(const std::string& name) const {
  const auto& externals = frame_.plan().externals;
  return std::any_of(externals.begin(), externals.end(),
                     [&](const External& external) { return external.name == name && external.written; });
}

void Iteration::Give(const std::string& name, const Tensor& value) {
  Given& given = FindGiven(name);
  changes_ += given.lent != nullptr;
  given.lent = nullptr;
  Tensor& tensor = given.own.Become<Tensor>();
  if (!Writes(name)) return tensor.ShareFrom(value);
  CopyTensor(outer_.context_, value, &tensor);
}

void Iteration::Lend(const std::string& name, Variable* variable) {
  Given& given = FindGiven(name);
  changes_ += given.lent != variable;
  given.lent = variable;
}

const Variable* Iteration::Taken(const std::string& name) {
  Variable* taken = frame_.FindKept(name);
  if (const auto found = given_.find(name); !taken && found != given_.end()) taken = &found->second.get();
  return taken && taken->initialized() ? taken : nullptr;
}

Variable* Iteration::Find(const std::string& name) {
  if (const auto found = given_.find(name); found != given_.end()) return &found->second.get();
  if (forward_)
    if (Variable* found = forward_->FindForBackward(name)) return found;
  for (const int value : instruction_.block_values)
    if (outer_.plan_->values[value].name == name) return outer_.VariableOf(value);
  return nullptr;
}

Variable& Iteration::Make(const std::string& name) {
  Variable* found = Find(name);
  Require(found, "block ", instruction_.block->block, " uses '", name, "', which is no variable of it or around it");
  return *found;
}

Variable* Iteration::FindForBackward(const std::string& name) {
  if (const auto found = snapshots_.find(name); found != snapshots_.end()) return &found->second;
  if (const auto found = given_.find(name); found != given_.end()) return &found->second.get();
  return frame_.FindKept(name);
}

void Iteration::TakeSnapshots(bool at_end) {
  for (const Snapshot& snapshot : frame_.plan().snapshots) {
    if (snapshot.at_end != at_end) continue;
    const Variable* from = Find(snapshot.name);
    if (!from || !from->holds<Tensor>() || !from->initialized()) continue;
    CopyTensor(outer_.context_, from->get<Tensor>(), &snapshots_[snapshot.name].Become<Tensor>());
  }
}

void Iteration::Run() {
  RunOptions options = *outer_.options_;
  options.random.seed = Mix(options.random.seed, number_);
  try {
    if (keep_) TakeSnapshots(false);
    frame_.Run(*this, {}, options);
    if (keep_) TakeSnapshots(true);
    if (!instruction_.fetched.empty()) outer_.KeepFetched(instruction_, *this);
  } catch (const Cancelled&) {
    throw;
  } catch (const LateError&) {
    throw;
  } catch (const std::exception& error) {
    RethrowWithContext(error, StrCat("\n  in run ", number_, " of block ", instruction_.block->block));
  }
}

const Variable* Iteration::Fetched(const std::string& name) {
  const Variable* deeper = frame_.FindFetched(name);
  return deeper ? deeper : Taken(name);
}

void Iteration::Finish() {
  frame_.Finish();
  for (auto& entry : given_) entry.second.own.Release();
  for (auto& entry : snapshots_) entry.second.Release();
}

void Iterations::Restart() {
  Finish();
  ++age_;
}

Iteration& Iterations::At(int index) {
  while (index >= static_cast<int>(all_.size())) all_.push_back(std::make_unique<Iteration>(outer_, instruction_));
  return *all_[index];
}

Iteration& Iterations::Next(bool keep) {
  Iteration& iteration = At(keep ? kept_++ : kept_);
  iteration.Start(runs_++, keep);
  return iteration;
}

void Iterations::Finish() {
  for (const auto& iteration : all_) iteration->Finish();
  kept_ = runs_ = 0;
}

size_t Iterations::arena_bytes() const {
  size_t bytes = 0;
  for (const auto& iteration : all_) bytes += iteration->arena_bytes();
  return bytes;
}

void Iterations::Trim() {
  if (kept_ == 0) all_.clear();
  for (const auto& iteration : all_) iteration->Trim();
}

KeptRuns::~KeptRuns() {
  if (const auto runs = Get()) runs->Finish();
}

std::shared_ptr<Iterations> KeptRuns::Get() const {
  auto runs = runs_.lock();
  return runs && runs->age() == age_ ? runs : nullptr;
}

// ---- BlockRunner ----

BlockRun& Frame::Next(bool keep) { return steps_[running_].runs->Next(keep); }

namespace {

std::shared_ptr<Iterations> RunsIn(const Opaque& kept, const Plan& gradient) {
  const auto* held = std::any_cast<std::shared_ptr<KeptRuns>>(&kept.value);
  auto runs = held ? (*held)->Get() : nullptr;
  Require(runs && runs->plan().block == gradient.forward_block, "block ", gradient.block, " is the gradient of block ",
          gradient.forward_block, ", of which no runs were kept");
  return runs;
}

}  // namespace

int Frame::CountKept(const Opaque& kept) const { return RunsIn(kept, *plan_->instructions[running_].block)->kept(); }

BlockRun& Frame::Back(const Opaque& kept, int run) {
  const auto forward = RunsIn(kept, *plan_->instructions[running_].block);
  Require(run >= 0 && run < forward->kept(), "run ", run, " of block ", forward->plan().block, " was not kept; ",
          forward->kept(), " were");
  Iteration& iteration = steps_[running_].runs->At(run);
  iteration.Start(run, false);
  iteration.SetForward(&forward->At(run));
  return iteration;
}

// Before the kernel of an op with a block.
void Frame::StartBlock(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  if (!step.runs) step.runs = std::make_shared<Iterations>(*this, instruction);
  step.runs->Restart();
  for (size_t arg = instruction.inputs; arg < instruction.values.size(); ++arg) {
    const int value = instruction.values[arg];
    if (value < 0 || plan_->values[value].kind != VarKind::kStepScopes) continue;
    VariableOf(value)->Become<Opaque>().value = std::make_shared<KeptRuns>(step.runs);
  }
}

}  // namespace paddle
