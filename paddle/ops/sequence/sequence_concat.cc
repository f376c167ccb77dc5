// sequence_concat: sequences of several tensors joined one by one.
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

// Checks the inputs against the first and returns what the rows add up to, -1 where unknown.
int64_t CheckInputs(InferContext& context) {
  const int count = context.Count("X");
  Require(count >= 1, "sequence_concat needs one input X at least");
  context.CheckRank("X", 1, kMaxRank);
  const TensorMeta& first = context.In("X");
  int64_t rows = 0;
  for (int i = 0; i < count; ++i) {
    const TensorMeta& x = context.In("X", i);
    Require(x.dtype == first.dtype, "input X[", i, "] is ", x.dtype, ", but X[0] is ", first.dtype,
            "; all must have the same element type");
    Require(x.rank() == first.rank() && DimsAgree(x.dims.Slice(1, x.rank()), first.dims.Slice(1, first.rank())),
            "input X[", i, "] has shape ", x.dims, ", but X[0] has ", first.dims,
            "; all sizes but the first must be equal");
    rows = rows < 0 || x.dims[0] < 0 ? -1 : rows + x.dims[0];
    if (context.building()) continue;
    const Lod& lod = RequireLod(context, "X", i);
    Require(lod.levels() == 1, "input X[", i, "] has ", lod.levels(), " LoD levels; expected one");
    Require(lod.sequences(0) == first.lod.sequences(0), "input X[", i, "] has ", lod.sequences(0),
            " sequences, but X[0] has ", first.lod.sequences(0), "; all must have the same number");
  }
  return rows;
}

void Infer(const NoAttrs&, InferContext& context) {
  Dims dims = context.In("X").dims;
  const DType dtype = context.In("X").dtype;
  const int level = context.In("X").lod_level;
  const int64_t rows = CheckInputs(context);
  dims[0] = rows;
  Lod lod;
  if (!context.building()) {
    std::vector<int64_t> offsets(context.In("X").lod.last().size(), 0);
    for (int i = 0; i < context.Count("X"); ++i) {
      const auto from = context.In("X", i).lod.last();
      for (size_t s = 0; s < offsets.size(); ++s) offsets[s] += from[s];
    }
    lod = Lod::FromOffsets({std::move(offsets)});
  }
  context.SetOut("Out", dims, dtype);
  if (context.building())
    context.SetLodLevel("Out", level);
  else
    context.SetLod("Out", lod);
}

void InferGrad(const NoAttrs&, InferContext& context) {
  Dims dims = context.In("X").dims;
  dims[0] = CheckInputs(context);
  const TensorMeta& d_out = context.In("Out@GRAD");
  Require(DimsAgree(d_out.dims, dims), "Out@GRAD has shape ", d_out.dims, "; expected ", dims);
  Require(d_out.dtype == context.In("X").dtype, "Out@GRAD is ", d_out.dtype, "; expected ", context.In("X").dtype);
  for (int i = 0; i < context.OutCount("X@GRAD"); ++i)
    if (context.HasOut("X@GRAD", i)) context.CopyMeta("X", "X@GRAD", i);
}

// Calls f(i, first byte in X[i], first byte in Out, bytes) for the part of Out that sequence s of X[i] is, on all
// threads.
template <class F>
void ForParts(Span<const Tensor> x, F f) {
  const int64_t row_bytes = RowSize(x[0]->dims()) * static_cast<int64_t>(SizeOf(x[0]->dtype()));
  const int64_t sequences = x[0]->lod().sequences(0);
  int64_t rows = 0;
  for (const Tensor* part : x) rows += part->dim(0);
  const int64_t average = std::max<int64_t>(1, rows * row_bytes / std::max<int64_t>(1, sequences));
  ParallelFor(sequences, std::max<int64_t>(1, kBytesPerTask / average), [&](int64_t begin, int64_t end) {
    int64_t at = 0;
    for (const Tensor* part : x) at += part->lod().last()[begin] * row_bytes;
    for (int64_t s = begin; s < end; ++s)
      for (size_t i = 0; i < x.size(); ++i) {
        const auto offsets = x[i]->lod().last();
        const int64_t bytes = (offsets[s + 1] - offsets[s]) * row_bytes;
        if (bytes) f(i, offsets[s] * row_bytes, at, bytes);
        at += bytes;
      }
  });
}

void Run(const CpuContext&, const NoAttrs&, Span<const Tensor> x, Tensor& out) {
  ForParts(x, [&](size_t i, int64_t from, int64_t to, int64_t bytes) {
    std::memcpy(out.mutable_raw() + to, x[i]->raw() + from, bytes);
  });
}

void RunGrad(const CpuContext&, const NoAttrs&, const Tensor& d_out, Span<const Tensor> x, Span<Tensor> dx) {
  ForParts(x, [&](size_t i, int64_t to, int64_t from, int64_t bytes) {
    if (i < dx.size() && dx[i]) std::memcpy(dx[i]->mutable_raw() + to, d_out.raw() + from, bytes);
  });
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "sequence_concat",
    .doc =
        "Joins sequences: the first sequence of Out is the first sequences of all inputs one after another, and so on.",
    .inputs = {{"X",
                "LoDTensors [rows, ...] of one LoD level each, with the same number of sequences and the same sizes "
                "but the first.",
                kRepeated}},
    .outputs = {{"Out", "[rows in all, ...], with as many sequences as each input."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("sequence_concat", Run);

const Registered kGradOp = RegisterOp<NoAttrs>({
    .name = "sequence_concat_grad",
    .doc = "Gradient of sequence_concat: each input gets the rows that came from it.",
    .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op.", kRepeated | kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradients of X.", kRepeated | kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("sequence_concat_grad", RunGrad);

}  // namespace
}  // namespace paddle
