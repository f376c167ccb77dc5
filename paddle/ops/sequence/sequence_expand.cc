// sequence_expand and sequence_expand_as: rows or sequences repeated as often as another LoD says.
#include "paddle/ops/sequence/sequence_expand.h"

#include <algorithm>
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

// Checks X and Y against each other, at run time.
void CheckLods(const SequenceExpandAttrs& attrs, InferContext& context) {
  const Lod &x = context.In("X").lod, &y = RequireLod(context, "Y");
  Require(x.levels() <= 1, "input X has ", x.levels(), " LoD levels; expected none or one");
  Require(attrs.ref_level >= -1 && attrs.ref_level < y.levels(), "ref_level is ", attrs.ref_level, ", but Y has ",
          y.levels(), " LoD levels; expected -1 for the last, or 0 <= ref_level < ", y.levels());
  const int64_t repeats = PiecesOf(attrs, x, y).count();
  if (x.empty())
    Require(context.In("X").dims[0] == repeats, "input X ", context.In("X").dims, " has ", context.In("X").dims[0],
            " rows, but the LoD level ", attrs.ref_level, " of Y has ", repeats, " sequences; they must be equal");
  else
    Require(x.sequences(0) == repeats, "input X has ", x.sequences(0), " sequences, but the LoD level ",
            attrs.ref_level, " of Y has ", repeats, " sequences; they must be equal");
}

void CheckLods(const NoAttrs&, InferContext& context) {
  const Lod& y = RequireLod(context, "Y");
  Require(y.levels() == 1, "input Y has ", y.levels(), " LoD levels; expected one");
  Require(context.In("X").dims[0] == y.sequences(0), "input X ", context.In("X").dims, " has ", context.In("X").dims[0],
          " rows, but Y has ", y.sequences(0), " sequences; they must be equal");
}

int OutLevels(const SequenceExpandAttrs&, const InferContext& context) {
  return std::min(1, context.In("X").lod_level);
}
int OutLevels(const NoAttrs&, const InferContext&) { return 1; }

template <class Attrs>
void Infer(const Attrs& attrs, InferContext& context) {
  context.CheckRank("X", 1, kMaxRank);
  const TensorMeta x = context.In("X");
  Dims dims = x.dims;
  if (context.building()) {
    dims[0] = -1;
    context.SetOut("Out", dims, x.dtype);
    context.SetLodLevel("Out", OutLevels(attrs, context));
    return;
  }
  CheckLods(attrs, context);
  const Lod& y = context.In("Y").lod;
  const Pieces pieces = PiecesOf(attrs, x.lod, y);
  dims[0] = pieces.total();
  const Lod lod = OutLod(attrs, pieces, y);
  context.SetOut("Out", dims, x.dtype);
  context.SetLod("Out", lod);
}

template <class Attrs>
void InferGrad(const Attrs& attrs, InferContext& context) {
  context.CheckDType("Out@GRAD", kNumbers);
  context.CheckSameDType("X", "Out@GRAD");
  if (!context.building()) {
    CheckLods(attrs, context);
    Dims dims = context.In("X").dims;
    dims[0] = PiecesOf(attrs, context.In("X").lod, context.In("Y").lod).total();
    Require(context.In("Out@GRAD").dims == dims, "Out@GRAD has shape ", context.In("Out@GRAD").dims, "; expected ",
            dims);
  }
  context.CopyMeta("X", "X@GRAD");
}

// Calls f(piece, its first row in Out) for each piece, on all threads, where a row has `row_bytes`.
template <class F>
void ForPieces(const Pieces& pieces, int64_t row_bytes, F f) {
  const int64_t average = std::max<int64_t>(1, pieces.total() * row_bytes / std::max<int64_t>(1, pieces.count()));
  ParallelFor(pieces.count(), std::max<int64_t>(1, kBytesPerTask / average), [&](int64_t begin, int64_t end) {
    int64_t at = 0;
    for (int64_t i = 0; i < begin; ++i) at += pieces.rows(i) * pieces.repeats(i);
    for (int64_t i = begin; i < end; ++i) {
      f(i, at);
      at += pieces.rows(i) * pieces.repeats(i);
    }
  });
}

template <class Attrs>
void Run(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  const Pieces pieces = PiecesOf(attrs, x.lod(), y.lod());
  const int64_t row_bytes = RowSize(x.dims()) * static_cast<int64_t>(SizeOf(x.dtype()));
  ForPieces(pieces, row_bytes, [&](int64_t i, int64_t at) {
    const int64_t bytes = pieces.rows(i) * row_bytes;
    if (bytes == 0) return;
    for (int64_t k = 0; k < pieces.repeats(i); ++k)
      std::memcpy(out.mutable_raw() + at * row_bytes + k * bytes, x.raw() + pieces.begin(i) * row_bytes, bytes);
  });
}

template <class Attrs>
void RunGrad(const CpuContext&, const Attrs& attrs, const Tensor& d_out, const Tensor& x, const Tensor& y, Tensor* dx) {
  if (!dx) return;
  const Pieces pieces = PiecesOf(attrs, x.lod(), y.lod());
  const int64_t width = RowSize(x.dims());
  VisitNumber(d_out.dtype(), [&]<class T>() {
    ForPieces(pieces, width * sizeof(T), [&](int64_t i, int64_t at) {
      const int64_t size = pieces.rows(i) * width;
      const T* from = d_out.data<T>() + at * width;
      T* to = dx->mutable_data<T>() + pieces.begin(i) * width;
      std::fill(to, to + size, T{0});
      for (int64_t k = 0; k < pieces.repeats(i); ++k, from += size)
        for (int64_t j = 0; j < size; ++j) to[j] += from[j];
    });
  });
}

const Registered kExpand = RegisterOp<SequenceExpandAttrs>({
    .name = "sequence_expand",
    .doc = "Repeats each row of X, or each sequence where X has a LoD, as often as the sequence of the same number in "
           "a level of Y's LoD is "
           "long.",
    .inputs = {{"X", "LoDTensor [rows, ...] with one LoD level or none."},
               {"Y",
                "LoDTensor; only a level of its LoD is read, which has as many sequences as X has sequences, without a "
                "LoD rows.",
                kMetaOnly | kNoGradient}},
    .outputs = {{"Out", "[rows in all, ...]; each repetition of a sequence is a sequence. No LoD where X has none."}},
    .infer = Infer<SequenceExpandAttrs>,
});
const Registered kExpandCpu = RegisterKernel("sequence_expand", Run<SequenceExpandAttrs>);

const Registered kExpandGrad = RegisterOp<SequenceExpandAttrs>({
    .name = "sequence_expand_grad",
    .doc = "Gradient of sequence_expand: the sum over the repetitions.",
    .inputs = {{"Out@GRAD", "Gradient of Out."},
               {"X", "Of the forward op.", kMetaOnly},
               {"Y", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad<SequenceExpandAttrs>,
});
const Registered kExpandGradCpu = RegisterKernel("sequence_expand_grad", RunGrad<SequenceExpandAttrs>);

const Registered kExpandAs = RegisterOp<NoAttrs>({
    .name = "sequence_expand_as",
    .doc = "Repeats each row of X as often as the sequence of the same number in Y is long.",
    .inputs = {{"X", "Tensor [sequences of Y, ...]; a LoD that it has does not count."},
               {"Y", "LoDTensor with one LoD level; only the LoD is read.", kMetaOnly | kNoGradient}},
    .outputs = {{"Out", "[rows of Y, ...] with Y's LoD."}},
    .infer = Infer<NoAttrs>,
});
const Registered kExpandAsCpu = RegisterKernel("sequence_expand_as", Run<NoAttrs>);

const Registered kExpandAsGrad = RegisterOp<NoAttrs>({
    .name = "sequence_expand_as_grad",
    .doc = "Gradient of sequence_expand_as: the sum over each sequence.",
    .inputs = {{"Out@GRAD", "Gradient of Out."},
               {"X", "Of the forward op.", kMetaOnly},
               {"Y", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad<NoAttrs>,
});
const Registered kExpandAsGradCpu = RegisterKernel("sequence_expand_as_grad", RunGrad<NoAttrs>);

}  // namespace
}  // namespace paddle
