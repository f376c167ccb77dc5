// Layer normalisation (Ba et al., 2016).
#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/norm/moments.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 8192;  // about 10 us

struct LayerNormAttrs {
  float epsilon = 1e-5f;
  int32_t begin_norm_axis = 1;

  static auto Fields() {
    return std::tuple{Field{"epsilon", &LayerNormAttrs::epsilon, "Added to the variance."},
                      Field{"begin_norm_axis", &LayerNormAttrs::begin_norm_axis,
                            "The first of the dimensions that are normalised together; at least 1."}};
  }
};

using Attrs = LayerNormAttrs;

// X seen as [rows, width].
struct View {
  int64_t rows, width;
  View(const Attrs& attrs, const Dims& x)
      : rows(x.Product(0, attrs.begin_norm_axis)), width(x.Product(attrs.begin_norm_axis, x.rank())) {}

  template <class Body>
  void ForEachRow(const Body& body) const {
    ParallelFor(rows, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(width, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t row = begin; row < end; ++row) body(row);
                });
  }
};

void Check(const Attrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, kMaxRank);
  const Dims& x = context.In("X").dims;
  Require(attrs.begin_norm_axis >= 1 && attrs.begin_norm_axis < x.rank(), "begin_norm_axis is ", attrs.begin_norm_axis,
          ", but X ", x, " has rank ", x.rank(), "; expected 1 <= begin_norm_axis < ", x.rank());
  const int64_t width = View(attrs, x).width;
  Require(width != 0, "input X has shape ", x, ", whose rows are empty: there is nothing to normalise");
  for (const auto slot : {"Scale", "Bias"}) {
    if (!context.Has(slot)) continue;
    const Dims& dims = context.In(slot).dims;
    Require(dims.rank() == 1 && SizesAgree(dims[0], width), slot, " has shape ", dims, "; expected [", width,
            "], an element of each normalised row");
    context.CheckSameDType("X", slot);
  }
}

void Infer(const Attrs& attrs, InferContext& context) {
  Check(attrs, context);
  const View v(attrs, context.In("X").dims);
  context.CopyMeta("X", "Y");
  context.SetOut("Mean", {v.rows}, context.In("X").dtype);
  context.SetOut("Variance", {v.rows}, context.In("X").dtype);
}

void LayerNorm(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor* scale, const Tensor* bias,
               Tensor& y, Tensor& mean, Tensor& variance) {
  const View v(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *s = scale ? scale->data<T>() : nullptr, *b = bias ? bias->data<T>() : nullptr;
    T *means = mean.mutable_data<T>(), *variances = variance.mutable_data<T>();
    v.ForEachRow([&](int64_t row) {
      const T* from = x.data<T>() + row * v.width;
      T* to = y.mutable_data<T>() + row * v.width;
      const auto [m, variance_of_row] = MomentsOf<T>({1, v.width, 0}, from);
      means[row] = m;
      variances[row] = variance_of_row;
      const T inverse = InverseDeviation(variance_of_row, attrs.epsilon);
      if (s && b)
        for (int64_t i = 0; i < v.width; ++i) to[i] = (from[i] - m) * inverse * s[i] + b[i];
      else
        for (int64_t i = 0; i < v.width; ++i) to[i] = (from[i] - m) * inverse * (s ? s[i] : T(1)) + (b ? b[i] : T(0));
    });
  });
}

// ---- gradient ----

void InferGrad(const Attrs& attrs, InferContext& context) {
  Check(attrs, context);
  for (const auto slot : {"Mean", "Variance"}) {
    CheckDims(context, slot, {View(attrs, context.In("X").dims).rows});
    context.CheckSameDType("X", slot);
  }
  context.CheckSameDims("X", "Y@GRAD");
  context.CheckSameDType("X", "Y@GRAD");
  for (const auto& [from, to] : {std::pair{"X", "X@GRAD"}, {"Scale", "Scale@GRAD"}, {"Bias", "Bias@GRAD"}})
    if (context.HasOut(to)) context.CopyMeta(from, to);
}

// Column sums: d_bias = sum(dy), d_scale = sum(dy h) over the rows, with h = (x - mean) inverse.
template <class T>
void ParameterGrads(const Attrs& attrs, const View& v, const T* x, const T* mean, const T* variance, const T* dy,
                    T* d_scale, T* d_bias) {
  ParallelFor(v.width, std::max<int64_t>(64, kElementsPerTask / std::max<int64_t>(v.rows, 1)),
              [&](int64_t begin, int64_t end) {
                if (d_scale) std::fill(d_scale + begin, d_scale + end, T(0));
                if (d_bias) std::fill(d_bias + begin, d_bias + end, T(0));
                for (int64_t row = 0; row < v.rows; ++row) {
                  const T inverse = InverseDeviation(variance[row], attrs.epsilon), m = mean[row];
                  const T *from = x + row * v.width, *d = dy + row * v.width;
                  if (d_scale)
                    for (int64_t i = begin; i < end; ++i) d_scale[i] += d[i] * ((from[i] - m) * inverse);
                  if (d_bias)
                    for (int64_t i = begin; i < end; ++i) d_bias[i] += d[i];
                }
              });
}

// With g = scale dy: dx = inverse (g - mean(g) - h mean(g h)).
void LayerNormGrad(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor* scale, const Tensor*,
                   const Tensor& mean, const Tensor& variance, const Tensor& d_y, Tensor* d_x, Tensor* d_scale,
                   Tensor* d_bias) {
  const View v(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *means = mean.data<T>(), *variances = variance.data<T>(), *dy = d_y.data<T>(),
            *s = scale ? scale->data<T>() : nullptr;
    if (d_scale || d_bias)
      ParameterGrads(attrs, v, px, means, variances, dy, d_scale ? d_scale->mutable_data<T>() : nullptr,
                     d_bias ? d_bias->mutable_data<T>() : nullptr);
    if (!d_x) return;
    v.ForEachRow([&](int64_t row) {
      const T *from = px + row * v.width, *d = dy + row * v.width;
      T* to = d_x->mutable_data<T>() + row * v.width;
      const T m = means[row], inverse = InverseDeviation(variances[row], attrs.epsilon), n = static_cast<T>(v.width);
      const auto g = [=](int64_t i) { return s ? s[i] * d[i] : d[i]; };
      const auto h = [=](int64_t i) { return (from[i] - m) * inverse; };
      const T sum = LaneSum<T>(v.width, g) / n, dot = LaneSum<T>(v.width, [=](int64_t i) { return g(i) * h(i); }) / n;
      for (int64_t i = 0; i < v.width; ++i) to[i] = inverse * (g(i) - sum - h(i) * dot);
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "layer_norm",
    .doc = "Normalises the dimensions from begin_norm_axis on, row by row: Y = Scale (X - Mean) / sqrt(Variance + "
           "epsilon) + Bias. Ba et al., 2016, "
           "arXiv:1607.06450.",
    .inputs = {{"X", "Tensor of rank 2 or more."},
               {"Scale", "Factor an element of a row [width]; absent: 1.", kOptional},
               {"Bias", "Summand an element of a row [width]; absent: 0.", kOptional}},
    .outputs = {{"Y", "Tensor of X's shape, grouped as X."},
                {"Mean", "Mean of each row [rows].", kIntermediate},
                {"Variance", "Variance of each row [rows].", kIntermediate}},
    .infer = Infer,
    .may_share = {{"Y", "X"}},
});
const Registered kCpu = RegisterKernel("layer_norm", LayerNorm);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "layer_norm_grad",
    .doc = "Gradient of layer_norm.",
    .inputs = {{"X", "As given to layer_norm."},
               {"Scale", "As given to layer_norm.", kOptional},
               {"Bias", "As given to layer_norm.", kOptional | kMetaOnly},
               {"Mean", "As written by layer_norm."},
               {"Variance", "As written by layer_norm."},
               {"Y@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional},
                {"Scale@GRAD", "Gradient of Scale.", kOptional},
                {"Bias@GRAD", "Gradient of Bias.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Y@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("layer_norm_grad", LayerNormGrad);

}  // namespace
}  // namespace paddle
