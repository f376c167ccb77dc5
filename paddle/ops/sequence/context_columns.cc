#include "paddle/ops/sequence/context_columns.h"

#include "paddle/math/sum.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {

Dims CheckContextConv(const InferContext& context, const ContextWindow& window, int64_t stride) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Filter");
  context.CheckRank("X", 2, 2);
  context.CheckRank("Filter", 2, 2);
  Require(stride == 1, "contextStride is ", stride, "; only 1 is possible");
  Require(window.length >= 1, "contextLength is ", window.length, "; expected 1 at least");
  const Dims &x = context.In("X").dims, &filter = context.In("Filter").dims;
  const int64_t height = Dims{window.length, x[1]}.numel();
  Require(SizesAgree(filter[0], height), "Filter ", filter, " has ", filter[0], " rows; expected contextLength ",
          window.length, " times the width of X ", x, ", that is ", height);
  if (!context.building()) RequireLod(context, "X");
  return {x[0], filter[1]};
}

PreparedGemm ContextProduct(const OpMetas& metas) {
  const TensorMeta &x = metas.In("X"), &filter = metas.In("Filter");
  return PreparedGemm(x.dtype, {.m = x.dims[0], .n = filter.dims[1], .k = filter.dims[0]}, 1, 0, 0,
                      metas.IsWeight("Filter"));
}

namespace {

template <class T>
T* PutRows(const T* rows, int64_t size, T* to) {
  return rows ? std::copy_n(rows, size, to) : std::fill_n(to, size, T{0});
}

}  // namespace

template <class T>
void GatherContext(const ContextWindow& window, const Lod& lod, int64_t width, const T* x, const T* padding,
                   T* columns) {
  const int64_t size = window.length * width;
  ForRows(lod, size, [=](int64_t row, int64_t, int64_t begin, int64_t end) {
    const int64_t first = row + window.start, last = first + window.length;
    const int64_t from = std::clamp(begin, first, last), to = std::clamp(end, from, last);
    const T* before = padding ? padding + (first - begin + window.up()) * width : nullptr;
    const T* behind = padding ? padding + (to - end + window.up()) * width : nullptr;
    T* out = PutRows(before, (from - first) * width, columns + row * size);
    out = std::copy_n(x + from * width, (to - from) * width, out);
    PutRows(behind, (last - to) * width, out);
  });
}

template <class T>
void SumContext(const ContextWindow& window, const Lod& lod, int64_t width, const T* columns, T* dx) {
  const int64_t size = window.length * width;
  ForRows(lod, size, [=](int64_t row, int64_t, int64_t begin, int64_t end) {
    std::fill_n(dx + row * width, width, T{0});
    // Block j of row t is this row where t + start + j = row.
    const int64_t first = std::max<int64_t>(0, row - window.start - end + 1);
    const int64_t last = std::min(window.length, row - window.start - begin + 1);
    for (int64_t j = first; j < last; ++j)
      math::AddTo(columns + (row - window.start - j) * size + j * width, dx + row * width, width);
  });
}

template <class T>
void SumContextPadding(const ContextWindow& window, const Lod& lod, int64_t width, const T* columns, T* d_padding) {
  const int64_t size = window.length * width, up = window.up();
  const auto offsets = lod.last();
  ParallelFor(up + window.down(), 1, [=](int64_t first, int64_t last) {
    std::fill(d_padding + first * width, d_padding + last * width, T{0});
    for (int64_t p = first; p < last; ++p)
      for (size_t s = 0; s + 1 < offsets.size(); ++s) {
        const int64_t begin = offsets[s], end = offsets[s + 1];
        const int64_t row = p < up ? begin + p - up : end + p - up;  // where padding row p would be
        for (int64_t j = std::max<int64_t>(0, row - window.start - end + 1);
             j < std::min(window.length, row - window.start - begin + 1); ++j)
          math::AddTo(columns + (row - window.start - j) * size + j * width, d_padding + p * width, width);
      }
  });
}

template void GatherContext(const ContextWindow&, const Lod&, int64_t, const float*, const float*, float*);
template void GatherContext(const ContextWindow&, const Lod&, int64_t, const double*, const double*, double*);
template void SumContext(const ContextWindow&, const Lod&, int64_t, const float*, float*);
template void SumContext(const ContextWindow&, const Lod&, int64_t, const double*, double*);
template void SumContextPadding(const ContextWindow&, const Lod&, int64_t, const float*, float*);
template void SumContextPadding(const ContextWindow&, const Lod&, int64_t, const double*, double*);

}  // namespace paddle
