#include "paddle/op/infer.h"

#include <array>

#include "paddle/op/check.h"
#include "paddle/op/op_def.h"

namespace paddle {

std::ostream& operator<<(std::ostream& out, const DTypeSet& types) {
  std::string_view separator;
  for (int i = 0; i < 32; ++i) {
    if (!((types.bits_ >> i) & 1)) continue;
    out << separator << static_cast<DType>(i);
    separator = ", ";
  }
  return out;
}

namespace {

// The slot whose name is the same literal as `name`, which is how an op's own file names it; -1: look at the letters.
int FindLiteral(const std::vector<SlotSpec>& slots, std::string_view name) {
  for (size_t i = 0; i < slots.size(); ++i)
    if (slots[i].name.data() == name.data() && slots[i].name.size() == name.size()) return static_cast<int>(i);
  return -1;
}

}  // namespace

int OpMetas::InputSlot(std::string_view name) const {
  int slot = FindLiteral(def_.inputs, name);
  if (slot < 0) slot = def_.FindInput(name);
  Ensure(slot >= 0, "op '", def_.name, "' has no input slot '", name, "'");
  return slot;
}

int OpMetas::OutputSlot(std::string_view name) const {
  int slot = FindLiteral(def_.outputs, name);
  if (slot < 0) slot = def_.FindOutput(name);
  Ensure(slot >= 0, "op '", def_.name, "' has no output slot '", name, "'");
  return slot + static_cast<int>(def_.inputs.size());
}

const TensorMeta* OpMetas::FindIn(std::string_view input, int i) const { return Meta(InputSlot(input), i); }

int OpMetas::Count(std::string_view input) const {
  const int slot = InputSlot(input);
  return table_.begin[slot + 1] - table_.begin[slot];
}

bool OpMetas::Has(std::string_view input, int i) const { return FindIn(input, i) != nullptr; }

const TensorMeta& OpMetas::In(std::string_view input, int i) const {
  const TensorMeta* meta = FindIn(input, i);
  Require(meta != nullptr, "input ", input, " is missing");
  return *meta;
}

bool OpMetas::IsWeight(std::string_view input) const {
  const int slot = InputSlot(input);
  return table_.weights && Meta(slot, 0) && table_.weights[table_.begin[slot]] != 0;
}

int OpMetas::OutCount(std::string_view output) const {
  const int slot = OutputSlot(output);
  return table_.begin[slot + 1] - table_.begin[slot];
}

bool OpMetas::HasOut(std::string_view output, int i) const { return Meta(OutputSlot(output), i) != nullptr; }

const TensorMeta& OpMetas::Out(std::string_view output, int i) const {
  const TensorMeta* meta = Meta(OutputSlot(output), i);
  Require(meta != nullptr, "output ", output, " is missing");
  return *meta;
}

TensorMeta* InferContext::MutableOut(std::string_view output, int i) { return Meta(OutputSlot(output), i); }

void InferContext::SetOut(std::string_view output, const Dims& dims, DType dtype, int i) {
  TensorMeta* meta = MutableOut(output, i);
  if (!meta) return;
  meta->dims = dims;
  meta->dtype = dtype;
  meta->lod = {};
  meta->lod_level = 0;
}

void InferContext::CopyMeta(std::string_view input, std::string_view output, int i) {
  TensorMeta* meta = MutableOut(output, i);
  if (!meta) return;
  const TensorMeta& from = In(input, i);
  if (meta == &from) return;
  if (meta->kind != VarKind::kSelectedRows || from.kind == VarKind::kSelectedRows) meta->kind = from.kind;
  meta->dims = from.dims;
  meta->dtype = from.dtype;
  meta->lod = from.lod;
  meta->lod_level = from.lod_level;
}

void InferContext::ShareLod(std::string_view input, std::string_view output, int i) {
  TensorMeta* meta = MutableOut(output, i);
  if (!meta) return;
  const TensorMeta& from = In(input, i);
  meta->lod = from.lod;
  meta->lod_level = from.lod_level;
}

void InferContext::SetLod(std::string_view output, const Lod& lod, int i) {
  if (TensorMeta* meta = MutableOut(output, i)) meta->set_lod(lod);
}

void InferContext::SetLodLevel(std::string_view output, int level, int i) {
  if (TensorMeta* meta = MutableOut(output, i)) meta->lod_level = level;
}

const Tensor* InferContext::Value(std::string_view input, int i) const {
  const int slot = InputSlot(input);
  if (!values_ || !Meta(slot, i)) return nullptr;
  const Tensor* tensor = values_[table_.begin[slot] + i];
  Require(tensor && tensor->initialized(), "the values of input ", input,
          " are needed to know the shape, but it holds nothing yet");
  return tensor;
}

std::optional<std::vector<int64_t>> InferContext::Values(std::string_view input, int i) const {
  const Tensor* tensor = Value(input, i);
  if (!tensor) return std::nullopt;
  return ToInt64s(*tensor);
}

void InferContext::CheckDType(std::string_view input, const DTypeSet& allowed, int i) const {
  const TensorMeta* meta = FindIn(input, i);
  if (!meta || allowed.contains(meta->dtype)) [[likely]]
    return;
  if (meta->dtype == DType::kFloat16 && allowed.contains(DType::kFloat32)) {
    if (building()) return;  // programs in mixed precision may be written, though no kernel here runs them
    throw Unimplemented(
        StrCat("input ", input, " is float16, which the op has no kernel for; there is one for: ", allowed));
  }
  throw TypeMismatch(StrCat("input ", input, " is ", meta->dtype, "; expected one of: ", allowed));
}

void InferContext::CheckSameDType(std::string_view a, std::string_view b) const {
  const TensorMeta *of_a = FindIn(a), *of_b = FindIn(b);
  if (of_a && of_b && of_a->dtype != of_b->dtype) [[unlikely]]
    throw TypeMismatch(StrCat("inputs ", a, " (", of_a->dtype, ") and ", b, " (", of_b->dtype,
                              ") must have the same element type; cast one of them"));
}

void InferContext::CheckRank(std::string_view input, int least, int most) const {
  const Dims& dims = In(input).dims;
  const int rank = dims.rank();
  if (least == most)
    Require(rank == least, "input ", input, " has shape ", dims, " of rank ", rank, "; expected rank ", least);
  else
    Require(rank >= least && rank <= most, "input ", input, " has shape ", dims, " of rank ", rank,
            "; expected a rank from ", least, " to ", most);
}

void InferContext::CheckSameDims(std::string_view a, std::string_view b) const {
  const Dims &of_a = In(a).dims, &of_b = In(b).dims;
  Require(DimsAgree(of_a, of_b), "inputs ", a, ' ', of_a, " and ", b, ' ', of_b, " must have the same shape");
}

void InferContext::CheckSizes() const {
  const int first = table_.begin[def_.inputs.size()], end = table_.begin[def_.inputs.size() + def_.outputs.size()];
  for (int arg = first; arg < end; ++arg) {
    const TensorMeta* meta = table_.metas[arg];
    if (meta && meta->kind == VarKind::kTensor && meta->dims.known()) meta->bytes();
  }
}

}  // namespace paddle
