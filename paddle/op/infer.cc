#include "paddle/op/infer.h"

#include <array>

#include "paddle/op/op_def.h"

namespace paddle {

std::string DTypeSet::ToText() const {
  std::string text;
  for (int i = 0; i < 32; ++i)
    if ((bits_ >> i) & 1) text += (text.empty() ? "" : ", ") + std::string(NameOf(static_cast<DType>(i)));
  return text;
}

int OpMetas::InputSlot(std::string_view name) const {
  const int slot = def_.FindInput(name);
  Ensure(slot >= 0, "op '", def_.name, "' has no input slot '", name, "'");
  return slot;
}

int OpMetas::OutputSlot(std::string_view name) const {
  const int slot = def_.FindOutput(name);
  Ensure(slot >= 0, "op '", def_.name, "' has no output slot '", name, "'");
  return slot + static_cast<int>(def_.inputs.size());
}

TensorMeta* OpMetas::Meta(int slot, int i) const {
  return i < table_.begin[slot + 1] - table_.begin[slot] ? table_.metas[table_.begin[slot] + i] : nullptr;
}

int OpMetas::Count(std::string_view input) const {
  const int slot = InputSlot(input);
  return table_.begin[slot + 1] - table_.begin[slot];
}

bool OpMetas::Has(std::string_view input, int i) const { return Meta(InputSlot(input), i) != nullptr; }

const TensorMeta& OpMetas::In(std::string_view input, int i) const {
  const TensorMeta* meta = Meta(InputSlot(input), i);
  Require(meta != nullptr, "input ", input, " is missing");
  return *meta;
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
  if (!Has(input, i)) return;
  const DType dtype = In(input, i).dtype;
  Require(allowed.contains(dtype), "input ", input, " is ", dtype, "; expected one of: ", allowed.ToText());
}

void InferContext::CheckSameDType(std::string_view a, std::string_view b) const {
  if (!Has(a) || !Has(b)) return;
  Require(In(a).dtype == In(b).dtype, "inputs ", a, " (", In(a).dtype, ") and ", b, " (", In(b).dtype,
          ") must have the same element type; cast one of them");
}

void InferContext::CheckRank(std::string_view input, int least, int most) const {
  const int rank = In(input).rank();
  if (least == most)
    Require(rank == least, "input ", input, " has shape ", In(input).dims, " of rank ", rank, "; expected rank ",
            least);
  else
    Require(rank >= least && rank <= most, "input ", input, " has shape ", In(input).dims, " of rank ", rank,
            "; expected a rank from ", least, " to ", most);
}

void InferContext::CheckSameDims(std::string_view a, std::string_view b) const {
  Require(DimsAgree(In(a).dims, In(b).dims), "inputs ", a, ' ', In(a).dims, " and ", b, ' ', In(b).dims,
          " must have the same shape");
}

void InferContext::CheckSizes() const {
  const int first = table_.begin[def_.inputs.size()], end = table_.begin[def_.inputs.size() + def_.outputs.size()];
  for (int arg = first; arg < end; ++arg) {
    const TensorMeta* meta = table_.metas[arg];
    if (meta && meta->kind == VarKind::kTensor && meta->dims.known()) meta->bytes();
  }
}

}  // namespace paddle
