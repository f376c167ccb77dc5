// What a frame's values will be: shapes, and the states that kernels prepare for them.

#include <algorithm>
#include <utility>

#include "paddle/runtime/frame.h"

namespace paddle {
namespace {

constexpr size_t kMaxPrepared = 8;  // states of an instruction that are kept

}  // namespace

void Frame::InferStatic() {
  for (int i = 0; i < plan_->end(); ++i)
    if (!plan_->instructions[i].infer_at_turn) InferStep(i);
}

void Frame::CheckInferred(int i) {
  for (const Step::Check& check : steps_[i].checks) {
    TensorMeta& meta = *check.meta;
    const auto name = [&]() -> const std::string& { return plan_->values[check.value].name; };
    if (check.output && meta.kind != check.kind) [[unlikely]] {
      const VarKind made = std::exchange(meta.kind, check.kind);
      throw InvalidArgument(
          StrCat("the op makes a ", made, " of '", name(), "', but the program describes a ", check.kind));
    }
    const bool known = meta.dims.known();
    if (check.known && !known) [[unlikely]]
      throw InvalidArgument(StrCat("the shape of '", name(), "' came out as ", meta.dims,
                                   ", but every size must be known when the program runs"));
    if (check.rows && known && !meta.lod.empty())
      meta.lod.CheckRows(meta.dims.rank() ? meta.dims[0] : 0, name().c_str());
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
  sequences = meta->lod.last_sequences();
}

// Takes what was prepared for these shapes, or prepares it.
void Frame::PrepareState(int i) {
  const Instruction& instruction = plan_->instructions[i];
  Step& step = steps_[i];
  const auto same = [&](const Prepared& prepared) {
    for (size_t arg = 0; arg < step.metas.size(); ++arg)
      if (step.metas[arg] && !prepared.shapes[arg].Of(*step.metas[arg])) return false;
    return true;
  };
  auto found = std::find_if(step.prepared.begin(), step.prepared.end(), same);
  if (found == step.prepared.end()) {
    const OpMetas metas(*instruction.def, {step.metas.data(), instruction.begin.data(), instruction.weights.data()});
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
