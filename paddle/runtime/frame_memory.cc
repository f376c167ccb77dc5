// Where a frame's values lie: which share memory, and their places in the arena.

#include <algorithm>

#include "paddle/runtime/iteration.h"

namespace paddle {
namespace {

// Arenas of a frame: its own, and the one that all frames of a block share.
constexpr int kOwn = 0, kTemporary = 1;

}  // namespace

// Whether an instruction's outputs and scratch, whose sizes are known at its turn only, are given places by what they
// were before. The frames of blocks share one arena, made for what is known before.
bool Frame::PlacedAtTurn(int i) const {
  const Instruction& instruction = plan_->instructions[i];
  return instruction.infer_at_turn && !instruction.on_host && !instruction.block && !temporary_;
}

// Gives an output that is not in the arena by the plan its memory: a place in the arena where it fits the one it has.
void Frame::SettleDynamic(int i, int arg) {
  const int value = plan_->instructions[i].values[arg];
  const Value& v = plan_->values[value];
  Tensor& tensor = VariableOf(value)->get<Tensor>();
  if (!tensor.dims().known()) return;
  const bool placed =
      PlacedAtTurn(i) && !plan_->instructions[i].dynamic[arg] && v.def == i && v.last < plan_->end() && !v.on_host;
  if (placed && group_[value] >= 0) {
    const Interval& interval = intervals_[group_[value]];
    const int input = in_place_[value];
    if (tensor.bytes() <= interval.bytes && (input < 0 || values_[input].meta().bytes() == tensor.bytes()))
      return tensor.Bind(ArenaOf(interval), interval.offset);
  }
  if (placed && tensor.bytes() > marks_[value]) {
    marks_[value] = tensor.bytes();
    outgrown_ = true;
  }
  tensor.Allocate(ContextOf(v.on_host).allocator());
}

// Whether the values that share memory by choice still have the same size. Those that get it later are looked at then.
bool Frame::InPlaceHolds() const {
  for (size_t value = 0; value < values_.size(); ++value) {
    if (in_place_[value] < 0 || marks_[value]) continue;
    const TensorMeta &a = values_[value].meta(), &b = values_[in_place_[value]].meta();
    if ((a.dtype != b.dtype || a.dims != b.dims) && a.bytes() != b.bytes()) return false;
  }
  return true;
}

bool Frame::FitsMarks() const {
  for (size_t value = 0; value < values_.size(); ++value)
    if (group_[value] >= 0 && !marks_[value] && values_[value].meta().bytes() > intervals_[group_[value]].bytes)
      return false;
  for (int i = 0; i < plan_->end(); ++i)
    if (steps_[i].scratch_bytes && !plan_->instructions[i].infer_at_turn &&
        (steps_[i].scratch_interval < 0 || steps_[i].scratch_bytes > intervals_[steps_[i].scratch_interval].bytes))
      return false;
  return true;
}

// Decides which values share an interval: those that must, and those that may and fit.
void Frame::GroupValues(bool headroom) {
  const std::vector<Interval> old_intervals = std::move(intervals_);
  const std::vector<int> old_group = group_;
  intervals_.clear();
  std::fill(group_.begin(), group_.end(), -1);
  std::fill(in_place_.begin(), in_place_.end(), -1);
  const auto old_mark = [&](int value) { return old_group[value] >= 0 ? old_intervals[old_group[value]].bytes : 0; };
  const auto in_arena = [&](int value) {
    return value >= 0 && (plan_->values[value].home == Home::kArena || (headroom && marks_[value]));
  };
  const auto bytes_of = [&](int value) { return marks_[value] ? marks_[value] : values_[value].meta().bytes(); };
  const auto open = [&](int value) {
    const Value& v = plan_->values[value];
    group_[value] = static_cast<int>(intervals_.size());
    intervals_.push_back({v.def, std::max(v.last, v.def), 0});
    intervals_.back().arena = temporary_ && v.last < plan_->end() ? kTemporary : kOwn;
  };
  for (int i = 0; i < plan_->end(); ++i) {
    const Instruction& instruction = plan_->instructions[i];
    const auto try_share = [&](const SharePair& pair, bool must) {
      const int out = instruction.values[pair.output_arg], in = instruction.values[pair.input_arg];
      if (!in_arena(out) || !in_arena(in) || group_[out] >= 0 || group_[in] < 0 || plan_->values[out].def != i) return;
      Interval& interval = intervals_[group_[in]];
      if (interval.last != i) return;  // somebody reads the input later
      if (bytes_of(out) != bytes_of(in) || (marks_[out] != 0) != (marks_[in] != 0)) return;
      if (temporary_ && plan_->values[out].last == plan_->end()) return;  // that one is kept elsewhere
      group_[out] = group_[in];
      interval.last = std::max(plan_->values[out].last, i);
      if (!must) in_place_[out] = in;
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
    const size_t needed = bytes_of(static_cast<int>(value));
    size_t mark = old_mark(static_cast<int>(value));
    // What is too large at its turn takes memory beside its place: such a place is made larger from the beginning.
    if (mark == 0 && !(marks_[value] && plan_->values[value].varies)) mark = needed;
    // A size seen before is kept; one that grew gets an eighth more, so that growing batches settle quickly.
    const size_t bytes = !headroom ? needed : needed <= mark ? mark : needed + needed / 8;
    intervals_[group_[value]].bytes = std::max(intervals_[group_[value]].bytes, bytes);
  }
  GroupScratch(old_intervals, headroom);
}

void Frame::GroupScratch(const std::vector<Interval>& old_intervals, bool headroom) {
  for (int i = 0; i < plan_->end(); ++i) {
    Step& step = steps_[i];
    const size_t mark = step.scratch_interval >= 0 ? old_intervals[step.scratch_interval].bytes : 0;
    step.scratch_interval = -1;
    const bool at_turn = plan_->instructions[i].infer_at_turn;
    const size_t needed = at_turn ? step.scratch_mark : step.scratch_bytes;
    if (needed == 0 || plan_->instructions[i].on_host || (at_turn && !headroom)) continue;
    step.scratch.reset();
    step.scratch_interval = static_cast<int>(intervals_.size());
    const size_t larger = at_turn && needed > mark ? needed + needed / 8 : needed;
    intervals_.push_back({i, i, headroom ? std::max(mark, larger) : needed});
    intervals_.back().arena = temporary_ ? kTemporary : kOwn;
  }
}

void Frame::PlanMemory() {
  GroupValues(true);
  if (outgrown_) context_.allocator().Trim();  // what lay there has a place in the arena now
  outgrown_ = false;
  try {
    TakeArenas();
  } catch (const ResourceExhausted&) {  // once more with what this run needs, and nothing for larger ones before it
    GroupValues(false);
    try {
      TakeArenas();
    } catch (const std::exception& error) {
      RethrowWithContext(error, DescribeLargest());
    }
  }
  BindArena();
}

// Places the intervals and makes the arenas large enough.
void Frame::TakeArenas() {
  const auto take = [&](BufferPtr* arena, size_t bytes) {
    if (*arena && (*arena)->size() >= bytes) return;
    for (size_t value = 0; value < values_.size(); ++value)
      if (plan_->values[value].home == Home::kArena) values_[value].Release();
    arena->reset();  // before the new one is taken: nothing in it outlives a run
    bound_temporary_.reset();
    *arena = context_.system().Allocate(bytes);
  };
  take(&arena_, PlaceIntervals(&intervals_, kOwn));
  if (temporary_) take(temporary_, PlaceIntervals(&intervals_, kTemporary));
}

// What takes the most memory, for the error that there is not enough.
std::string Frame::DescribeLargest() const {
  int largest = -1;
  for (size_t value = 0; value < values_.size(); ++value)
    if (group_[value] >= 0 && (largest < 0 || values_[value].meta().bytes() > values_[largest].meta().bytes()))
      largest = static_cast<int>(value);
  if (largest < 0) return {};
  const Value& value = plan_->values[largest];
  return StrCat("\n  the largest variable is '", value.name, "', ", values_[largest].meta(),
                DescribeInstruction(plan_->instructions[value.def], *plan_, steps_[value.def].metas.data()));
}

const BufferPtr& Frame::ArenaOf(const Interval& interval) const {
  return interval.arena == kTemporary ? *temporary_ : arena_;
}

void Frame::BindArena() {
  for (size_t value = 0; value < values_.size(); ++value) {
    if (group_[value] < 0 || marks_[value]) continue;
    const Interval& interval = intervals_[group_[value]];
    values_[value].get<Tensor>().Bind(ArenaOf(interval), interval.offset);
  }
  if (temporary_) bound_temporary_ = *temporary_;
}

Frame::Placement Frame::PlacementOf(int value) const {
  if (group_[value] < 0 || !arena_) return {};
  const Interval& interval = intervals_[group_[value]];
  return {static_cast<int64_t>(interval.offset), interval.bytes};
}

size_t Frame::arena_bytes() const {
  size_t bytes = (arena_ ? arena_->size() : 0) + (temporary_ ? 0 : pool_->bytes());
  for (const Step& step : steps_)
    if (step.runs) bytes += step.runs->arena_bytes();
  return bytes;
}

void Frame::Trim() {
  for (size_t value = 0; value < values_.size(); ++value)
    if (plan_->values[value].home != Home::kExternal) values_[value].Release();
  arena_.reset();
  inferred_ = false;
  for (Step& step : steps_) {
    step.scratch.reset();
    if (step.runs) step.runs->Trim();
  }
  bound_temporary_.reset();
  pool_->Clear();
}

}  // namespace paddle
