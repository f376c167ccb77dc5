// Diagonals of the matrices that two axes of a tensor span: trace and diag_embed.

#include <algorithm>
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct DiagonalAttrs {
  int32_t offset = 0;
  int32_t dim1 = -2;
  int32_t dim2 = -1;
  static auto Fields() {
    using A = DiagonalAttrs;
    return std::tuple{
        Field{"offset", &A::offset, "Which diagonal: above the main one where positive, below it where negative."},
        Field{"dim1", &A::dim1, "The axis of the rows; negative ones count from the last."},
        Field{"dim2", &A::dim2, "The axis of the columns; negative ones count from the last."}};
  }
};

struct Axes {
  int rows, columns;

  Axes(const DiagonalAttrs& attrs, int rank)
      : rows(NormalizeAxis(attrs.dim1, rank, "dim1")), columns(NormalizeAxis(attrs.dim2, rank, "dim2")) {
    Require(rows != columns, "dim1 ", attrs.dim1, " and dim2 ", attrs.dim2, " are the same axis of a tensor of rank ",
            rank, "; expected two");
  }
  bool Has(int axis) const { return axis == rows || axis == columns; }
};

// Where the diagonals of a tensor are.
struct Diagonals {
  int64_t count = 1, length, begin, step;  // elements of a diagonal: origin + begin, + step, ...
  int rank = 0;                            // the other axes
  int64_t size[kMaxRank], stride[kMaxRank];

  Diagonals(const DiagonalAttrs& attrs, const Dims& dims) {
    const Axes axes(attrs, dims.rank());
    const int64_t down = dims.Product(axes.rows + 1, dims.rank()), right = dims.Product(axes.columns + 1, dims.rank());
    const int64_t offset = attrs.offset, below = std::max<int64_t>(-offset, 0), above = std::max<int64_t>(offset, 0);
    length = std::max<int64_t>(std::min(dims[axes.rows] - below, dims[axes.columns] - above), 0);
    begin = below * down + above * right;
    step = down + right;
    for (int i = 0; i < dims.rank(); ++i) {
      if (axes.Has(i)) continue;
      size[rank] = dims[i];
      stride[rank++] = dims.Product(i + 1, dims.rank());
      count *= dims[i];
    }
  }

  // The first element of diagonal k, in row-major order of the other axes.
  int64_t Begin(int64_t k) const {
    int64_t at = begin;
    for (int i = rank - 1; i >= 0; --i) {
      at += k % size[i] * stride[i];
      k /= size[i];
    }
    return at;
  }

  // Calls body(k, its first element) for every diagonal, on all threads.
  template <class Body>
  void ForEach(const Body& body) const {
    ParallelFor(count, std::max<int64_t>(1, 4096 / std::max<int64_t>(length, 1)), [&](int64_t from, int64_t to) {
      for (int64_t k = from; k < to; ++k) body(k, Begin(k));
    });
  }
};

Dims TraceDims(const DiagonalAttrs& attrs, const Dims& input) {
  const Axes axes(attrs, input.rank());
  Dims dims;
  for (int i = 0; i < input.rank(); ++i)
    if (!axes.Has(i)) dims.Append(input[i]);
  if (dims.rank() == 0) dims.Append(1);
  return dims;
}

void InferTrace(const DiagonalAttrs& attrs, InferContext& context) {
  context.CheckDType("Input", kNumbers);
  context.CheckRank("Input", 2, kMaxRank);
  context.SetOut("Out", TraceDims(attrs, context.In("Input").dims), context.In("Input").dtype);
}

void Trace(const CpuContext&, const DiagonalAttrs& attrs, const Tensor& input, Tensor& out) {
  const Diagonals diagonals(attrs, input.dims());
  VisitNumber(input.dtype(), [&]<class T>() {
    const T* x = input.data<T>();
    T* y = out.mutable_data<T>();
    diagonals.ForEach([&, x, y](int64_t k, int64_t at) {
      T sum = 0;
      for (int64_t i = 0; i < diagonals.length; ++i) sum += x[at + i * diagonals.step];
      y[k] = sum;
    });
  });
}

void InferTraceGrad(const DiagonalAttrs& attrs, InferContext& context) {
  context.CheckDType("Out@GRAD", kNumbers);
  context.CheckSameDType("Input", "Out@GRAD");
  const Dims dims = TraceDims(attrs, context.In("Input").dims);
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected ", dims);
  context.CopyMeta("Input", "Input@GRAD");
}

void TraceGrad(const CpuContext&, const DiagonalAttrs& attrs, const Tensor& input, const Tensor& dout, Tensor* dx) {
  if (!dx || !dx->bytes()) return;
  const Diagonals diagonals(attrs, input.dims());
  std::memset(dx->mutable_raw(), 0, dx->bytes());
  VisitNumber(dout.dtype(), [&]<class T>() {
    const T* d = dout.data<T>();
    T* to = dx->mutable_data<T>();
    diagonals.ForEach([&, d, to](int64_t k, int64_t at) {
      for (int64_t i = 0; i < diagonals.length; ++i) to[at + i * diagonals.step] = d[k];
    });
  });
}

void InferEmbed(const DiagonalAttrs& attrs, InferContext& context) {
  context.CheckDType("Input", kNumbers);
  context.CheckRank("Input", 1, kMaxRank - 1);
  const TensorMeta& input = context.In("Input");
  const Axes axes(attrs, input.rank() + 1);
  const int64_t length = input.dims[input.rank() - 1], offset = attrs.offset;
  const int64_t size = length < 0 ? -1 : length + std::abs(offset);
  Dims dims;
  for (int i = 0, from = 0; i <= input.rank(); ++i) dims.Append(axes.Has(i) ? size : input.dims[from++]);
  context.SetOut("Out", dims, input.dtype);
}

void Embed(const CpuContext&, const DiagonalAttrs& attrs, const Tensor& input, Tensor& out) {
  if (!out.bytes()) return;
  const Diagonals diagonals(attrs, out.dims());
  std::memset(out.mutable_raw(), 0, out.bytes());
  VisitNumber(input.dtype(), [&]<class T>() {
    const T* x = input.data<T>();
    T* to = out.mutable_data<T>();
    diagonals.ForEach([&, x, to](int64_t k, int64_t at) {
      for (int64_t i = 0; i < diagonals.length; ++i) to[at + i * diagonals.step] = x[k * diagonals.length + i];
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<DiagonalAttrs>(
        {.name = "trace",
         .doc = "Out = the sum of a diagonal of each matrix that the axes dim1 and dim2 of Input span.",
         .inputs = {{"Input", "Tensor of rank 2 or more."}},
         .outputs = {{"Out", "Input's shape without the two axes; of shape [1] when none is left."}},
         .infer = InferTrace}),
    RegisterKernel("trace", Trace),
    RegisterOp<DiagonalAttrs>({.name = "trace_grad",
                               .doc = "Input@GRAD = Out@GRAD on the diagonals, 0 elsewhere.",
                               .inputs = {{"Input", "Input of the op.", kMetaOnly}, {"Out@GRAD", "Gradient of Out."}},
                               .outputs = {{"Input@GRAD", "Gradient of Input.", kOptional}},
                               .infer = InferTraceGrad}),
    RegisterKernel("trace_grad", TraceGrad),
    RegisterOp<DiagonalAttrs>({.name = "diag_embed",
                               .doc = "Out = matrices over the axes dim1 and dim2 with the lines of Input on a "
                                      "diagonal, 0 elsewhere.",
                               .inputs = {{"Input", "The diagonals, [..., n].", kNoGradient}},
                               .outputs = {{"Out",
                                            "Input's shape without the last axis, and n + |offset| at dim1 and "
                                            "dim2."}},
                               .infer = InferEmbed}),
    RegisterKernel("diag_embed", Embed),
};

}  // namespace
}  // namespace paddle
