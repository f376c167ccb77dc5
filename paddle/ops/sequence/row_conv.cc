// row_conv: a convolution over each row of a sequence and those behind it, column by column.
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

void CheckInputs(const InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Filter");
  CheckSteps(context, "X");
  context.CheckRank("Filter", 2, 2);
  const Dims &x = context.In("X").dims, &filter = context.In("Filter").dims;
  Require(filter[0] != 0 && SizesAgree(filter[1], x[x.rank() - 1]), "Filter has shape ", filter,
          "; expected [rows ahead + 1, ", x[x.rank() - 1], "], the width of X ", x);
}

void Infer(const NoAttrs&, InferContext& context) {
  CheckInputs(context);
  context.CopyMeta("X", "Out");
}

void InferGrad(const NoAttrs&, InferContext& context) {
  CheckInputs(context);
  context.CheckSameDims("X", "Out@GRAD");
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Filter", "Filter@GRAD");
}

// to[j] = the sum over k < `count` of from[k * stride + j] * filter[k * width + j].
template <class T>
void SumProducts(const T* from, int64_t stride, const T* filter, int64_t count, int64_t width, T* to) {
  std::fill_n(to, width, T{0});
  for (int64_t k = 0; k < count; ++k)
    for (int64_t j = 0; j < width; ++j) to[j] += from[k * stride + j] * filter[k * width + j];
}

void Run(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& filter, Tensor& out) {
  const int64_t taps = filter.dim(0), width = filter.dim(1);
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), *factor = filter.data<T>();
    T* to = out.mutable_data<T>();
    ForRows(StepsOf(x), width * taps, [=](int64_t row, int64_t, int64_t, int64_t end) {
      SumProducts(from + row * width, width, factor, std::min(taps, end - row), width, to + row * width);
    });
  });
}

// Threads share taps and columns, not rows: the order in which an element's parts add up is fixed.
template <class T>
void FilterGrad(const Lod& lod, const Tensor& x, const Tensor& d_out, Tensor* d_filter) {
  constexpr int64_t kColumns = 64;
  const int64_t width = d_filter->dim(1), blocks = (width + kColumns - 1) / kColumns;
  const T *from = x.data<T>(), *d = d_out.data<T>();
  T* to = d_filter->mutable_data<T>();
  const auto offsets = lod.last();
  ParallelFor(d_filter->dim(0) * blocks, 1, [=](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t tap = task / blocks, first = task % blocks * kColumns, last = std::min(width, first + kColumns);
      T* sum = to + tap * width;
      std::fill(sum + first, sum + last, T{0});
      for (size_t s = 0; s + 1 < offsets.size(); ++s)
        for (int64_t row = offsets[s]; row + tap < offsets[s + 1]; ++row)
          for (int64_t j = first; j < last; ++j) sum[j] += from[(row + tap) * width + j] * d[row * width + j];
    }
  });
}

void RunGrad(const CpuContext&, const NoAttrs&, const Tensor& filter, const Tensor& d_out, const Tensor& x,
             Tensor* d_filter, Tensor* dx) {
  const int64_t taps = filter.dim(0), width = filter.dim(1);
  const Lod lod = StepsOf(x);
  VisitFloat(x.dtype(), [&]<class T>() {
    if (d_filter) FilterGrad<T>(lod, x, d_out, d_filter);
    if (!dx) return;
    const T *d = d_out.data<T>(), *factor = filter.data<T>();
    T* to = dx->mutable_data<T>();
    ForRows(lod, width * taps, [=](int64_t row, int64_t, int64_t begin, int64_t) {
      SumProducts(d + row * width, -width, factor, std::min(taps, row - begin + 1), width, to + row * width);
    });
  });
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "row_conv",
    .doc =
        "Convolution over each row and those behind it, column by column: Out[t] = sum over k of X[t + k] Filter[k], "
        "within the sequence. Amodei et al., Deep Speech 2, 2015.",
    .inputs = {{"X",
                "LoDTensor [rows, width], the last LoD level of which says which rows form a sequence; or a batch "
                "[sequences, steps, width]."},
               {"Filter", "[rows ahead + 1, width]."}},
    .outputs = {{"Out", "Of X's shape and LoD."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("row_conv", Run);

const Registered kGradOp = RegisterOp<NoAttrs>({
    .name = "row_conv_grad",
    .doc = "Gradient of row_conv: X@GRAD[t] = sum over k of Out@GRAD[t - k] Filter[k], Filter@GRAD[k] = sum over t of "
           "X[t + k] Out@GRAD[t].",
    .inputs = {{"Filter", "Of the forward op."}, {"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op."}},
    .outputs = {{"Filter@GRAD", "Gradient of Filter.", kOptional}, {"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("row_conv_grad", RunGrad);

}  // namespace
}  // namespace paddle
