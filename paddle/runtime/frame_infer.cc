// What a frame's values will be: shapes, and the states that kernels prepare for them.

#include <algorithm>

#include "paddle/runtime/frame.h"

namespace paddle {
namespace {

constexpr size_t kMaxPrepared = 8;  // states of an instruction that are kept

}  // namespace

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

Frame::Shape::Shape(const TensorMeta* meta) {
  if (!meta) return;
  dtype = meta->dtype;
  dims = meta->dims;
  if (!meta->lod.empty()) sequences = meta->lod.sequences(meta->lod.levels() - 1);
}

void Frame::PrepareState(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  const auto same = [&](const Prepared& prepared) {
    for (size_t arg = 0; arg < step.metas.size(); ++arg)
      if (!(prepared.shapes[arg] == Shape(step.metas[arg]))) return false;
    return true;
  };
  auto found = std::find_if(step.prepared.begin(), step.prepared.end(), same);
  if (found == step.prepared.end()) {
    const OpMetas metas(*instruction.def, {step.metas.data(), instruction.begin.data()});
    Prepared made;
    for (const TensorMeta* meta : step.metas) made.shapes.emplace_back(meta);
    made.state = instruction.kernel->prepare(ContextOf(instruction.on_host), instruction.attrs.get(), metas);
    if (instruction.kernel->scratch_bytes) made.scratch_bytes = instruction.kernel->scratch_bytes(made.state.get());
    if (step.prepared.size() >= kMaxPrepared)
      step.prepared.erase(std::min_element(step.prepared.begin(), step.prepared.end(),
                                           [](const auto& a, const auto& b) { return a.used < b.used; }));
    found = step.prepared.insert(step.prepared.end(), std::move(made));
  }
  found->used = ++preparations_;
  step.state = found->state.get();
  step.scratch_bytes = found->scratch_bytes;
}

}  // namespace paddle
