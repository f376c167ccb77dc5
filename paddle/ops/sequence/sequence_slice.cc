// sequence_slice: a part of each sequence.
#include <numeric>

#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

void CheckPart(const InferContext& context, std::string_view input) {
  context.CheckDType(input, kIndices);
  context.CheckRank(input, 1, 2);
  if (context.building()) return;
  const TensorMeta& part = context.In(input);
  const int64_t sequences = RequireLod(context, "X").last_sequences();
  Require(part.numel() == sequences, input, " has shape ", part.dims, ", but X has ", sequences,
          " sequences; expected [", sequences, ", 1]");
}

// The offsets of Out's sequences. For run time.
std::vector<int64_t> NewOffsets(const InferContext& context) {
  const auto from = context.In("X").lod.last();
  const auto offset = *context.Values("Offset"), length = *context.Values("Length");
  std::vector<int64_t> offsets{0};
  for (size_t s = 0; s < offset.size(); ++s) {
    const int64_t rows = from[s + 1] - from[s];
    Require(offset[s] >= 0 && length[s] >= 0 && offset[s] <= rows && length[s] <= rows - offset[s], "sequence ", s,
            " of X has ", rows, " rows; there are no ", length[s], " (Length) from ", offset[s], " (Offset) on");
    offsets.push_back(offsets.back() + length[s]);
  }
  return offsets;
}

void CheckInputs(const InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CheckRank("X", 1, kMaxRank);
  CheckPart(context, "Offset");
  CheckPart(context, "Length");
}

void Infer(const NoAttrs&, InferContext& context) {
  CheckInputs(context);
  const TensorMeta x = context.In("X");
  Dims dims = x.dims;
  if (context.building()) {
    dims[0] = -1;
    context.SetOut("Out", dims, x.dtype);
    context.SetLodLevel("Out", x.lod_level);
    return;
  }
  auto offsets = NewOffsets(context);
  dims[0] = offsets.back();
  context.SetOut("Out", dims, x.dtype);
  context.SetLod("Out", WithLastLevel(x.lod, std::move(offsets)));
}

void InferGrad(const NoAttrs&, InferContext& context) {
  CheckInputs(context);
  context.CheckSameDType("X", "Out@GRAD");
  Dims dims = context.In("X").dims;
  dims[0] = context.building() ? -1 : NewOffsets(context).back();
  CheckDims(context, "Out@GRAD", dims);
  context.CopyMeta("X", "X@GRAD");
}

// Calls f(first byte in X, first byte in Out, bytes) for each part that is not empty, on all threads.
template <class F>
void ForParts(const Tensor& x, const Tensor& offset, const Tensor& length, F f) {
  const std::vector<int64_t> first = ToInt64s(offset), rows = ToInt64s(length);
  std::vector<int64_t> at(rows.size() + 1, 0);
  std::partial_sum(rows.begin(), rows.end(), at.begin() + 1);
  const int64_t bytes = RowBytes(x.meta());
  ForSequences(x.lod(), RowSize(x.dims()), [&](int64_t s, int64_t begin, int64_t) {
    if (rows[s] && bytes) f((begin + first[s]) * bytes, at[s] * bytes, rows[s] * bytes);
  });
}

void Run(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& offset, const Tensor& length, Tensor& out) {
  ForParts(x, offset, length, [&](int64_t in_x, int64_t in_out, int64_t bytes) {
    std::memcpy(out.mutable_raw() + in_out, x.raw() + in_x, bytes);
  });
}

void RunGrad(const CpuContext&, const NoAttrs&, const Tensor& length, const Tensor& offset, const Tensor& d_out,
             const Tensor& x, Tensor* dx) {
  if (!dx) return;
  std::fill_n(dx->mutable_raw(), dx->bytes(), std::byte{0});
  ForParts(x, offset, length, [&](int64_t in_x, int64_t in_out, int64_t bytes) {
    std::memcpy(dx->mutable_raw() + in_x, d_out.raw() + in_out, bytes);
  });
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "sequence_slice",
    .doc = "A part of each sequence: of sequence i Length[i] rows from row Offset[i] on.",
    .inputs = {{"X", "LoDTensor [rows, ...]; the last LoD level says which rows form a sequence."},
               {"Offset", "int32 or int64 [sequences, 1], counted from 0.", kValue | kNoGradient},
               {"Length", "int32 or int64 [sequences, 1].", kValue | kNoGradient}},
    .outputs = {{"Out", "[rows in all, ...], with as many sequences as X has, grouped by its outer levels."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("sequence_slice", Run);

const Registered kGradOp = RegisterOp<NoAttrs>({
    .name = "sequence_slice_grad",
    .doc = "Gradient of sequence_slice: Out@GRAD where the rows came from, zero elsewhere.",
    .inputs = {{"Length", "Of the forward op.", kValue},
               {"Offset", "Of the forward op.", kValue},
               {"Out@GRAD", "Gradient of Out."},
               {"X", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("sequence_slice_grad", RunGrad);

}  // namespace
}  // namespace paddle
