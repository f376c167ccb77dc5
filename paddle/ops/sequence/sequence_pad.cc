// sequence_pad and sequence_unpad: sequences as one dense tensor, and back.
#include <numeric>

#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct PadAttrs {
  int32_t padded_length = -1;

  static auto Fields() {
    return std::tuple{Field{"padded_length", &PadAttrs::padded_length,
                            "Length to which all sequences are filled up; -1: that of the longest."}};
  }
};

// [sequences, steps, ...] for rows [_, ...].
Dims PaddedDims(int64_t sequences, int64_t steps, const Dims& rows) {
  Dims dims{sequences, steps};
  for (int i = 1; i < rows.rank(); ++i) dims.Append(rows[i]);
  return dims;
}
// [rows, ...] for [_, _, ...]; a step of a matrix is a row of one value.
Dims RowDims(int64_t rows, const Dims& padded) {
  Dims dims{rows};
  for (int i = 2; i < padded.rank(); ++i) dims.Append(padded[i]);
  if (padded.rank() == 2) dims.Append(1);
  return dims;
}

int64_t LongestOf(const Lod& lod) {
  const auto offsets = lod.last();
  int64_t longest = 0;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) longest = std::max(longest, offsets[s + 1] - offsets[s]);
  return longest;
}

// The dims of sequence_pad's Out.
Dims CheckPad(const PadAttrs& attrs, const InferContext& context) {
  context.CheckRank("X", 2, kMaxRank - 1);
  Require(attrs.padded_length >= -1, "padded_length is ", attrs.padded_length, "; expected -1 or a length");
  const Dims& x = context.In("X").dims;
  if (context.building()) return PaddedDims(-1, attrs.padded_length, x);
  const Lod& lod = RequireLod(context, "X");
  const int64_t longest = LongestOf(lod), steps = attrs.padded_length < 0 ? longest : attrs.padded_length;
  Require(steps >= longest, "padded_length is ", steps, ", but the longest sequence of X has ", longest, " rows");
  return PaddedDims(lod.last_sequences(), steps, x);
}

void InferPad(const PadAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CheckSameDType("X", "PadValue");
  const Dims out = CheckPad(attrs, context);
  const Dims &value = context.In("PadValue").dims, &x = context.In("X").dims, row = x.Slice(1, x.rank());
  Require(DimsAgree(value, {1}) || DimsAgree(value, row), "PadValue has shape ", value, "; expected [1], or ", row,
          ", that of a row of X");
  context.SetOut("Out", out, context.In("X").dtype);
  context.SetOut("Length", {out[0]}, DType::kInt64);
}

void InferPadGrad(const PadAttrs& attrs, InferContext& context) {
  CheckDims(context, "Out@GRAD", CheckPad(attrs, context));
  context.CheckDType("X", kNumbers);
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

// The steps of sequence s in `dense` start at row s * steps.
void CopyIntoDense(const Tensor& rows, int64_t steps, std::byte* dense) {
  const int64_t bytes = RowBytes(rows.meta());
  ForSequences(rows.lod(), RowSize(rows.dims()), [&](int64_t s, int64_t begin, int64_t end) {
    if (begin < end && bytes) std::memcpy(dense + s * steps * bytes, rows.raw() + begin * bytes, (end - begin) * bytes);
  });
}
void CopyFromDense(const std::byte* dense, int64_t steps, const Lod& lod, Tensor* rows) {
  const int64_t bytes = RowBytes(rows->meta());
  std::byte* to = rows->mutable_raw();
  ForSequences(lod, RowSize(rows->dims()), [=](int64_t s, int64_t begin, int64_t end) {
    if (begin < end && bytes) std::memcpy(to + begin * bytes, dense + s * steps * bytes, (end - begin) * bytes);
  });
}

// Calls fill(first element, number of rows) for what the sequences leave free of `dense`, on all threads.
template <class T, class F>
void FillBehind(const Lod& lod, int64_t steps, int64_t width, T* dense, F fill) {
  const auto offsets = lod.last();
  const int64_t grain = std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(1, steps * width));
  ParallelFor(static_cast<int64_t>(offsets.size()) - 1, grain, [=](int64_t first, int64_t last) {
    for (int64_t s = first; s < last; ++s) {
      const int64_t length = offsets[s + 1] - offsets[s];
      fill(dense + (s * steps + length) * width, steps - length);
    }
  });
}

void Pad(const CpuContext&, const PadAttrs&, const Tensor& x, const Tensor& pad_value, Tensor& out, Tensor& length) {
  const auto offsets = x.lod().last();
  std::adjacent_difference(offsets.begin() + 1, offsets.end(), length.mutable_data<int64_t>());
  const int64_t width = RowSize(x.dims()), steps = out.dim(1);
  CopyIntoDense(x, steps, out.mutable_raw());
  VisitNumber(x.dtype(), [&]<class T>() {
    const T* value = pad_value.data<T>();
    const bool one = pad_value.numel() == 1;
    FillBehind(x.lod(), steps, width, out.mutable_data<T>(), [=](T* to, int64_t rows) {
      if (one) return void(std::fill_n(to, rows * width, *value));
      for (int64_t row = 0; row < rows; ++row) to = std::copy_n(value, width, to);
    });
  });
}

void PadGrad(const CpuContext&, const PadAttrs&, const Tensor& d_out, const Tensor& x, Tensor* dx) {
  if (dx) CopyFromDense(d_out.raw(), d_out.dim(1), x.lod(), dx);
}

void CheckUnpadded(const InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CheckRank("X", 2, kMaxRank);
}

// The LoD of sequence_unpad's Out.
Lod LodOf(const std::vector<int64_t>& lengths, const Dims& x) {
  for (size_t s = 0; s < lengths.size(); ++s)
    Require(lengths[s] >= 0 && lengths[s] <= x[1], "Length[", s, "] is ", lengths[s], ", but X ", x, " has ", x[1],
            " steps; expected 0 <= length <= ", x[1]);
  return Lod::FromLengths({lengths});
}

void InferUnpad(const NoAttrs&, InferContext& context) {
  CheckUnpadded(context);
  context.CheckDType("Length", kIndices);
  context.CheckRank("Length", 1, 1);
  const TensorMeta x = context.In("X");
  Require(SizesAgree(context.In("Length").dims[0], x.dims[0]), "Length ", context.In("Length").dims, " has ",
          context.In("Length").dims[0], " lengths, but X ", x.dims, " has ", x.dims[0], " sequences");
  const auto lengths = context.Values("Length");
  const Lod lod = lengths ? LodOf(*lengths, x.dims) : Lod();
  context.SetOut("Out", RowDims(lengths ? lod.rows() : -1, x.dims), x.dtype);
  if (lengths)
    context.SetLod("Out", lod);
  else
    context.SetLodLevel("Out", 1);
}

void InferUnpadGrad(const NoAttrs&, InferContext& context) {
  CheckUnpadded(context);
  context.CheckSameDType("X", "Out@GRAD");
  const Dims& x = context.In("X").dims;
  int64_t rows = -1;
  if (!context.building()) {
    const Lod& lod = RequireLod(context, "Out@GRAD");
    Require(lod.last_sequences() == x[0] && LongestOf(lod) <= x[1], "Out@GRAD has ", lod.last_sequences(),
            " sequences of up to ", LongestOf(lod), " rows, but X ", x, " has ", x[0], " of ", x[1], " steps");
    rows = lod.rows();
  }
  CheckDims(context, "Out@GRAD", RowDims(rows, x));
  context.CopyMeta("X", "X@GRAD");
}

void Unpad(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor&, Tensor& out) {
  CopyFromDense(x.raw(), x.dim(1), out.lod(), &out);
}

void UnpadGrad(const CpuContext&, const NoAttrs&, const Tensor& d_out, const Tensor&, Tensor* dx) {
  if (!dx) return;
  const int64_t bytes = RowBytes(d_out.meta()), steps = dx->dim(1);
  CopyIntoDense(d_out, steps, dx->mutable_raw());
  FillBehind(d_out.lod(), steps, bytes, dx->mutable_raw(),
             [=](std::byte* to, int64_t rows) { std::fill_n(to, rows * bytes, std::byte{0}); });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<PadAttrs>(
        {.name = "sequence_pad",
         .doc = "Sequences as one dense tensor, each filled up behind its end.",
         .inputs = {{"X", "LoDTensor [rows, ...]; the last LoD level says which rows form a sequence."},
                    {"PadValue", "Fills the places behind: one value, or a row of them.", kNoGradient}},
         .outputs = {{"Out", "[sequences, length, ...], without a LoD."},
                     {"Length", "int64 [sequences]: how many rows each has."}},
         .infer = InferPad}),
    RegisterKernel("sequence_pad", Pad),
    RegisterOp<PadAttrs>({.name = "sequence_pad_grad",
                          .doc = "Gradient of sequence_pad: the rows of Out@GRAD that came from X.",
                          .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op.", kMetaOnly}},
                          .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                          .infer = InferPadGrad}),
    RegisterKernel("sequence_pad_grad", PadGrad),
    RegisterOp<NoAttrs>(
        {.name = "sequence_unpad",
         .doc = "Sequences from a dense tensor and their lengths: the reverse of sequence_pad.",
         .inputs = {{"X", "[sequences, steps, ...]."},
                    {"Length", "int32 or int64 [sequences]: how many steps of each count.", kValue | kNoGradient}},
         .outputs = {{"Out", "[rows in all, ...] with one LoD level; [rows in all, 1] where X has rank 2."}},
         .infer = InferUnpad}),
    RegisterKernel("sequence_unpad", Unpad),
    RegisterOp<NoAttrs>(
        {.name = "sequence_unpad_grad",
         .doc = "Gradient of sequence_unpad: Out@GRAD filled up with zeros.",
         .inputs = {{"Out@GRAD", "Gradient of Out, with its LoD."}, {"X", "Of the forward op.", kMetaOnly}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferUnpadGrad}),
    RegisterKernel("sequence_unpad_grad", UnpadGrad),
};

}  // namespace
}  // namespace paddle
