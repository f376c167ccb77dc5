// sequence_topk_avg_pooling: means of the greatest values of each row of matrices of several sizes.
#include <numeric>

#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct TopkAttrs {
  std::vector<int32_t> topks;
  int32_t channel_num = 0;

  int64_t most() const { return *std::max_element(topks.begin(), topks.end()); }

  static auto Fields() {
    using A = TopkAttrs;
    return std::tuple{
        Field{"topks", &A::topks, "How many of the greatest values go into each mean.", Presence::kRequired},
        Field{"channel_num", &A::channel_num, "Matrices of each pair of sequences.", Presence::kRequired}};
  }
};

// The dims of Out; those of pos follow.
Dims CheckInputs(const TopkAttrs& attrs, const InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 1, kMaxRank);
  Require(!attrs.topks.empty() && *std::min_element(attrs.topks.begin(), attrs.topks.end()) >= 1, "topks is ",
          attrs.topks, "; expected one number at least, none below 1");
  Require(attrs.channel_num >= 1, "channel_num is ", attrs.channel_num, "; expected 1 at least");
  const int64_t means = Dims{attrs.channel_num, static_cast<int64_t>(attrs.topks.size())}.numel();
  const Dims& x = context.In("X").dims;
  Require(SizesAgree(RowSize(x), 1), "X has shape ", x, "; expected one value a row: [values, 1]");
  if (context.building()) return {-1, means};
  const Lod &lod = RequireLod(context, "X"), &rows = RequireLod(context, "ROW"),
            &columns = RequireLod(context, "COLUMN");
  const int64_t sequences = lod.last_sequences();
  Require(rows.last_sequences() == sequences && columns.last_sequences() == sequences, "X has ", sequences,
          " sequences, ROW ", rows.last_sequences(), ", COLUMN ", columns.last_sequences(), "; expected as many");
  for (int64_t s = 0; s < sequences; ++s) {
    const auto length = [s](const Lod& of) { return of.last()[s + 1] - of.last()[s]; };
    const int64_t values = Dims{attrs.channel_num, length(rows), length(columns)}.numel();
    Require(length(lod) == values, "sequence ", s, " of X has ", length(lod), " values; expected channel_num ",
            attrs.channel_num, " times ", length(rows), " (ROW) times ", length(columns), " (COLUMN)");
  }
  return {rows.rows(), means};
}

Dims PosDims(const TopkAttrs& attrs, int64_t rows) { return {Dims{rows, attrs.channel_num, attrs.most()}.numel()}; }

void Infer(const TopkAttrs& attrs, InferContext& context) {
  const Dims out = CheckInputs(attrs, context);
  context.SetOut("Out", out, context.In("X").dtype);
  context.ShareLod("ROW", "Out");
  context.SetOut("pos", PosDims(attrs, out[0]), DType::kInt32);
}

void InferGrad(const TopkAttrs& attrs, InferContext& context) {
  const Dims out = CheckInputs(attrs, context);
  CheckDims(context, "Out@GRAD", out);
  context.CheckSameDType("X", "Out@GRAD");
  CheckDims(context, "pos", PosDims(attrs, out[0]));
  context.CheckDType("pos", {DType::kInt32});
  context.CopyMeta("X", "X@GRAD");
}

// Calls f(first value in X, columns, number of the line) for each line of each matrix: the lines of a row of ROW, a
// channel after the other, have numbers that follow each other.
template <class F>
void ForLines(int64_t channels, const Lod& x, const Lod& rows, const Lod& columns, F f) {
  const auto first = x.last(), of_columns = columns.last();
  const int64_t average = x.rows() / std::max<int64_t>(1, rows.rows());
  ForRows(rows, average, [=](int64_t row, int64_t s, int64_t begin, int64_t end) {
    const int64_t width = of_columns[s + 1] - of_columns[s];
    for (int64_t c = 0; c < channels; ++c)
      f(first[s] + (c * (end - begin) + row - begin) * width, width, row * channels + c);
  });
}

// Column numbers of the `count` greatest values, the first of equal ones first; -1 where there are no more.
template <class T>
void FindGreatest(const T* values, int64_t size, int64_t count, int32_t* found) {
  std::vector<int32_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  const int64_t present = std::min(size, count);
  std::partial_sort(order.begin(), order.begin() + present, order.end(), [values](int32_t a, int32_t b) {
    return values[a] > values[b] || (!(values[b] > values[a]) && a < b);
  });
  std::fill_n(std::copy_n(order.begin(), present, found), count - present, -1);
}

void Run(const CpuContext&, const TopkAttrs& attrs, const Tensor& x, const Tensor& row, const Tensor& column,
         Tensor& out, Tensor& pos) {
  const int64_t most = attrs.most(), means = static_cast<int64_t>(attrs.topks.size());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = out.mutable_data<T>();
    int32_t* chosen = pos.mutable_data<int32_t>();
    ForLines(attrs.channel_num, x.lod(), row.lod(), column.lod(), [&](int64_t first, int64_t width, int64_t line) {
      int32_t* greatest = chosen + line * most;
      FindGreatest(from + first, width, most, greatest);
      for (int64_t k = 0; k < means; ++k) {
        T sum = 0;
        for (int64_t i = 0; i < std::min<int64_t>(attrs.topks[k], width); ++i) sum += from[first + greatest[i]];
        to[line * means + k] = sum / static_cast<T>(attrs.topks[k]);
      }
    });
  });
}

void RunGrad(const CpuContext&, const TopkAttrs& attrs, const Tensor& column, const Tensor& d_out, const Tensor& row,
             const Tensor& x, const Tensor& pos, Tensor* dx) {
  if (!dx) return;
  const int64_t most = attrs.most(), means = static_cast<int64_t>(attrs.topks.size());
  VisitFloat(d_out.dtype(), [&]<class T>() {
    const T* d = d_out.data<T>();
    T* to = dx->mutable_data<T>();
    const int32_t* chosen = pos.data<int32_t>();
    ForLines(attrs.channel_num, x.lod(), row.lod(), column.lod(), [&](int64_t first, int64_t width, int64_t line) {
      std::fill_n(to + first, width, T{0});
      for (int64_t i = 0; i < std::min(most, width); ++i) {
        const int32_t at = chosen[line * most + i];
        Require(at >= 0 && at < width, "pos[", line * most + i, "] is ", at, ", but the matrix has ", width,
                " columns");
        for (int64_t k = 0; k < means; ++k)
          if (i < attrs.topks[k]) to[first + at] += d[line * means + k] / static_cast<T>(attrs.topks[k]);
      }
    });
  });
}

const Registered kOp = RegisterOp<TopkAttrs>({
    .name = "sequence_topk_avg_pooling",
    .doc =
        "For each pair of sequences in ROW and COLUMN X has matrices, a channel each; each of their rows becomes the "
        "means of its greatest values. A value that is missing in a short row counts as 0.",
    .inputs =
        {{"X",
          "LoDTensor [values, 1]: in sequence s channel_num matrices of as many rows as sequence s of ROW has and "
          "as many columns as that of COLUMN has rows."},
         {"ROW", "LoDTensor; only the LoD is read.", kMetaOnly | kNoGradient},
         {"COLUMN", "LoDTensor; only the LoD is read.", kMetaOnly | kNoGradient}},
    .outputs = {{"Out", "[rows of ROW, channel_num * number of topks], grouped as ROW: for each channel all means."},
                {"pos",
                 "int32 [rows of ROW * channel_num * greatest of topks]: the columns of the greatest values, -1 where "
                 "there are no more.",
                 kIntermediate}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("sequence_topk_avg_pooling", Run);

const Registered kGradOp = RegisterOp<TopkAttrs>({
    .name = "sequence_topk_avg_pooling_grad",
    .doc =
        "Gradient of sequence_topk_avg_pooling: each mean's gradient, divided by its number of values, goes to them.",
    .inputs = {{"COLUMN", "Of the forward op.", kMetaOnly},
               {"Out@GRAD", "Gradient of Out."},
               {"ROW", "Of the forward op.", kMetaOnly},
               {"X", "Of the forward op.", kMetaOnly},
               {"pos", "Of the forward op."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("sequence_topk_avg_pooling_grad", RunGrad);

}  // namespace
}  // namespace paddle
