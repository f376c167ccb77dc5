// Batch normalisation (Ioffe and Szegedy, 2015).
#include <algorithm>
#include <cmath>
#include <utility>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/math/sums.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct BatchNormAttrs {
  bool is_test = false;
  float momentum = 0.9f;
  float epsilon = 1e-5f;
  std::string data_layout = "NCHW";
  bool use_global_stats = false;
  bool trainable_statistics = false;

  static auto Fields() {
    using A = BatchNormAttrs;
    return std::tuple{
        Field{"is_test", &A::is_test, "Whether to normalise with the running statistics, as inference does."},
        Field{"momentum", &A::momentum, "Share of the old value in the running statistics' next one."},
        Field{"epsilon", &A::epsilon, "Added to the variance."},
        Field{"data_layout", &A::data_layout, "NCHW: channels are the second dimension; NHWC: the last."},
        Field{"use_global_stats", &A::use_global_stats,
              "Whether to normalise with the running statistics in training too."},
        Field{"trainable_statistics", &A::trainable_statistics,
              "Whether the batch's own statistics are used though is_test."}};
  }
  bool global() const { return use_global_stats || (is_test && !trainable_statistics); }
};

using Attrs = BatchNormAttrs;

// X seen as [outer, channels, inner].
struct View {
  int64_t outer, channels, inner;
  View(const Attrs& attrs, const Dims& x) {
    const int rank = x.rank(), axis = attrs.data_layout == "NHWC" ? rank - 1 : 1;
    outer = x.Product(0, axis);
    channels = x[axis];
    inner = x.Product(axis + 1, rank);
  }
  int64_t count() const { return outer * inner; }  // elements of a channel
};

void CheckShapes(const Attrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, 5);
  Require(attrs.data_layout == "NCHW" || attrs.data_layout == "NHWC" || attrs.data_layout == "AnyLayout",
          "data_layout is '", attrs.data_layout, "'; expected NCHW or NHWC");
  const int64_t channels = View(attrs, context.In("X").dims).channels;
  for (const auto slot : {"Scale", "Bias", "Mean", "Variance"}) {
    if (!context.Has(slot)) continue;
    const Dims& dims = context.In(slot).dims;
    Require(dims.rank() == 1 && SizesAgree(dims[0], channels), slot, " has shape ", dims, "; expected [", channels,
            "], a number a channel of X ", context.In("X").dims);
    context.CheckSameDType("X", slot);
  }
}

void Infer(const Attrs& attrs, InferContext& context) {
  CheckShapes(attrs, context);
  if (context.Has("MomentumTensor")) {
    context.CheckDType("MomentumTensor", {DType::kFloat32});
    const Dims& dims = context.In("MomentumTensor").dims;
    Require(SizesAgree(dims.numel(), 1), "MomentumTensor has shape ", dims, "; expected one element");
  }
  const int64_t channels = View(attrs, context.In("X").dims).channels;
  const DType dtype = context.In("X").dtype;
  context.CopyMeta("X", "Y");
  for (const auto slot : {"MeanOut", "VarianceOut", "SavedMean", "SavedVariance"})
    context.SetOut(slot, {channels}, dtype);
  context.SetOut("ReserveSpace", {0}, dtype);
}

// Totals of each channel: `load(c)` gives what the channel's elements have in common, `body(k, common, element)` what
// the element adds to total k. sums: [channels, kSums].
template <int kSums, class T, class Load, class Body>
void ChannelSums(const View& v, double* sums, const Load& load, const Body& body) {
  std::fill_n(sums, v.channels * kSums, 0.0);
  const int64_t grain = std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(v.count(), 1));
  ParallelFor(v.channels, v.inner == 1 ? std::max<int64_t>(grain, 16) : grain, [&](int64_t begin, int64_t end) {
    if (v.inner == 1) {
      for (int64_t i = 0; i < v.outer; ++i)
        for (int64_t c = begin; c < end; ++c)
          for (int k = 0; k < kSums; ++k) sums[c * kSums + k] += body(k, load(c), i * v.channels + c);
      return;
    }
    for (int64_t c = begin; c < end; ++c) {
      const auto common = load(c);
      for (int64_t i = 0; i < v.outer; ++i)
        for (int k = 0; k < kSums; ++k) {
          const int64_t at = (i * v.channels + c) * v.inner;
          sums[c * kSums + k] += LaneSum<T>(v.inner, [&](int64_t j) { return body(k, common, at + j); });
        }
    }
  });
}

// Calls body(load(c), element) for all elements of all channels c.
template <class Load, class Body>
void ForEach(const View& v, const Load& load, const Body& body) {
  const int64_t rows = v.inner == 1 ? v.outer : v.outer * v.channels, width = v.inner == 1 ? v.channels : v.inner;
  ParallelFor(rows, std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(width, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; ++row) {
                  const int64_t at = row * width;
                  if (v.inner == 1) {
                    for (int64_t j = 0; j < width; ++j) body(load(j), at + j);
                  } else {
                    const auto common = load(row % v.channels);
                    for (int64_t j = 0; j < width; ++j) body(common, at + j);
                  }
                }
              });
}

// Two totals and four coefficients a channel.
struct BatchNormState {
  int64_t channels;
  size_t scratch_bytes() const { return static_cast<size_t>(channels) * 6 * sizeof(double); }
};

BatchNormState Prepare(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  return {View(attrs, metas.In("X").dims).channels};
}

// y = (x - mean) factor + offset
template <class T>
struct Line {
  T mean, factor, offset;
};

// Mean and variance of each channel of the batch.
template <class T>
void Statistics(const View& v, const T* x, double* sums, T* mean, T* variance) {
  const double n = static_cast<double>(v.count());
  ChannelSums<1, T>(
      v, sums, [](int64_t) { return 0; }, [=](int, int, int64_t i) { return x[i]; });
  for (int64_t c = 0; c < v.channels; ++c) mean[c] = static_cast<T>(sums[c] / n);
  ChannelSums<1, T>(
      v, sums, [=](int64_t c) { return mean[c]; }, [=](int, T m, int64_t i) { return (x[i] - m) * (x[i] - m); });
  for (int64_t c = 0; c < v.channels; ++c) variance[c] = static_cast<T>(sums[c] / n);
}

// A channel of one element (or none) has no variance: as in Fluid, X is handed on as it is, the running statistics
// stay, and the gradient passes.
bool IsIdentity(const Attrs& attrs, const View& v) { return !attrs.global() && v.count() <= 1; }

template <class T>
void Identity(const Tensor& x, const Tensor& mean, const Tensor& variance, Tensor& y, Tensor& mean_out,
              Tensor& variance_out, Tensor& saved_mean, Tensor& saved_variance) {
  std::copy_n(x.data<T>(), x.numel(), y.mutable_data<T>());
  std::copy_n(mean.data<T>(), mean.numel(), mean_out.mutable_data<T>());
  std::copy_n(variance.data<T>(), variance.numel(), variance_out.mutable_data<T>());
  std::fill_n(saved_mean.mutable_data<T>(), saved_mean.numel(), T(0));
  std::fill_n(saved_variance.mutable_data<T>(), saved_variance.numel(), T(0));
}

void BatchNorm(const CpuContext&, const Attrs& attrs, BatchNormState&, Scratch scratch, const Tensor& x,
               const Tensor& scale, const Tensor& bias, const Tensor& mean, const Tensor& variance,
               const Tensor* momentum_tensor, Tensor& y, Tensor& mean_out, Tensor& variance_out, Tensor& saved_mean,
               Tensor& saved_variance, Tensor*) {
  const View v(attrs, x.dims());
  auto* sums = reinterpret_cast<double*>(scratch.data);
  VisitFloat(x.dtype(), [&]<class T>() {
    if (IsIdentity(attrs, v))
      return Identity<T>(x, mean, variance, y, mean_out, variance_out, saved_mean, saved_variance);
    const T *from = x.data<T>(), *s = scale.data<T>(), *b = bias.data<T>(), *running_mean = mean.data<T>(),
            *running_variance = variance.data<T>();
    T *to = y.mutable_data<T>(), *center = saved_mean.mutable_data<T>(), *inverse = saved_variance.mutable_data<T>();
    T *next_mean = mean_out.mutable_data<T>(), *next_variance = variance_out.mutable_data<T>();
    const T momentum =
        momentum_tensor ? static_cast<T>(*momentum_tensor->data<float>()) : static_cast<T>(attrs.momentum);
    const bool global = attrs.global();
    if (!global) Statistics(v, from, sums, center, inverse);
    auto* lines = reinterpret_cast<Line<T>*>(sums + v.channels);
    for (int64_t c = 0; c < v.channels; ++c) {
      if (global) {
        center[c] = running_mean[c];
        inverse[c] = running_variance[c];
      }
      next_mean[c] = global ? running_mean[c] : momentum * running_mean[c] + (1 - momentum) * center[c];
      next_variance[c] = global ? running_variance[c] : momentum * running_variance[c] + (1 - momentum) * inverse[c];
      inverse[c] = 1 / std::sqrt(inverse[c] + static_cast<T>(attrs.epsilon));
      lines[c] = {center[c], s[c] * inverse[c], b[c]};
    }
    ForEach(
        v, [=](int64_t c) { return lines[c]; },
        [=](Line<T> line, int64_t i) { to[i] = (from[i] - line.mean) * line.factor + line.offset; });
  });
}

// ---- gradient ----

void InferGrad(const Attrs& attrs, InferContext& context) {
  CheckShapes(attrs, context);
  for (const auto slot : {"SavedMean", "SavedVariance"}) {
    CheckDims(context, slot, {View(attrs, context.In("X").dims).channels});
    context.CheckSameDType("X", slot);
  }
  context.CheckSameDims("X", "Y@GRAD");
  context.CheckSameDType("X", "Y@GRAD");
  for (const auto& [from, to] : {std::pair{"X", "X@GRAD"}, {"Scale", "Scale@GRAD"}, {"Bias", "Bias@GRAD"}})
    if (context.HasOut(to)) context.CopyMeta(from, to);
}

// With h = (x - mean) inverse: d_bias = sum(dy), d_scale = sum(dy h), and over the n elements of a channel
// dx = scale inverse (dy - (d_bias + h d_scale) / n); with statistics that do not depend on x just scale inverse dy.
void BatchNormGrad(const CpuContext&, const Attrs& attrs, BatchNormState&, Scratch scratch, const Tensor& x,
                   const Tensor& scale, const Tensor*, const Tensor& saved_mean, const Tensor& saved_variance,
                   const Tensor*, const Tensor*, const Tensor*, const Tensor& d_y, Tensor* d_x, Tensor* d_scale,
                   Tensor* d_bias) {
  const View v(attrs, x.dims());
  auto* sums = reinterpret_cast<double*>(scratch.data);
  VisitFloat(x.dtype(), [&]<class T>() {
    if (IsIdentity(attrs, v)) {
      if (d_x) std::copy_n(d_y.data<T>(), d_y.numel(), d_x->mutable_data<T>());
      for (Tensor* d : {d_scale, d_bias})
        if (d) std::fill_n(d->mutable_data<T>(), d->numel(), T(0));
      return;
    }
    const T *from = x.data<T>(), *dy = d_y.data<T>(), *s = scale.data<T>(), *mean = saved_mean.data<T>(),
            *inverse = saved_variance.data<T>();
    const bool global = attrs.global();
    if (!global || d_scale || d_bias)
      ChannelSums<2, T>(
          v, sums,
          [=](int64_t c) {
            return Line<T>{mean[c], inverse[c], 0};
          },
          [=](int k, Line<T> h, int64_t i) { return k == 0 ? dy[i] : dy[i] * ((from[i] - h.mean) * h.factor); });
    for (int64_t c = 0; c < v.channels; ++c) {
      if (d_bias) d_bias->mutable_data<T>()[c] = static_cast<T>(sums[2 * c]);
      if (d_scale) d_scale->mutable_data<T>()[c] = static_cast<T>(sums[2 * c + 1]);
    }
    if (!d_x) return;
    T* to = d_x->mutable_data<T>();
    if (global)
      return ForEach(
          v, [=](int64_t c) { return s[c] * inverse[c]; }, [=](T a, int64_t i) { to[i] = a * dy[i]; });
    struct Plane {  // dx = a dy + b (x - mean) + k
      T a, b, mean, k;
    };
    auto* planes = reinterpret_cast<Plane*>(sums + 2 * v.channels);
    const double n = static_cast<double>(v.count());
    for (int64_t c = 0; c < v.channels; ++c) {
      const T a = s[c] * inverse[c], b = static_cast<T>(-a * inverse[c] * sums[2 * c + 1] / n);
      planes[c] = {a, b, mean[c], static_cast<T>(-a * sums[2 * c] / n)};
    }
    ForEach(
        v, [=](int64_t c) { return planes[c]; },
        [=](Plane p, int64_t i) { to[i] = p.a * dy[i] + p.b * (from[i] - p.mean) + p.k; });
  });
}

void Grad(const Attrs& attrs, GradContext& g) {
  OpDesc& op = g.EmitDefault("batch_norm_grad");
  OpDesc own(op.type());
  for (const auto& slot : op.inputs())
    if (slot.name != "Mean" && slot.name != "Variance") own.SetInput(slot.name, slot.args);
  for (const auto& slot : op.outputs()) own.SetOutput(slot.name, slot.args);
  for (const auto& [name, value] : op.attrs()) own.SetAttr(name, value);
  if (attrs.use_global_stats) {  // only then does Fluid hand the running statistics on
    own.SetInput("Mean", g.Out("MeanOut"));
    own.SetInput("Variance", g.Out("VarianceOut"));
  }
  op = std::move(own);
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "batch_norm",
    .doc = "Normalises each channel over the batch: Y = Scale (X - mean) / sqrt(variance + epsilon) + Bias; a batch "
           "with one "
           "element a channel is handed on as it is. Ioffe and Szegedy, 2015, arXiv:1502.03167.",
    .inputs = {{"X", "[N, C], [N, C, ...] or [N, ..., C], of rank 2 to 5."},
               {"Scale", "Factor a channel [C]."},
               {"Bias", "Summand a channel [C]."},
               {"Mean", "Running mean [C].", kNoGradient},
               {"Variance", "Running variance [C].", kNoGradient},
               {"MomentumTensor", "One float32 in place of the attribute momentum.", kOptional | kNoGradient}},
    .outputs = {{"Y", "Tensor of X's shape, grouped as X."},
                {"MeanOut",
                 "momentum Mean + (1 - momentum) mean of the batch, updated in place; with the running statistics in "
                 "use, Mean."},
                {"VarianceOut", "The same for the variance (of the batch: divided by the count)."},
                {"SavedMean", "The mean used [C].", kIntermediate},
                {"SavedVariance", "1 / sqrt(the variance used + epsilon) [C].", kIntermediate},
                {"ReserveSpace", "Empty; work space of other implementations.", kOptional}},
    .infer = Infer,
    .grad = Grad,
    .must_share = {{"MeanOut", "Mean"}, {"VarianceOut", "Variance"}},
    .may_share = {{"Y", "X"}},
});
const Registered kCpu = RegisterKernel("batch_norm", Prepare, BatchNorm);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "batch_norm_grad",
    .doc = "Gradient of batch_norm.",
    .inputs = {{"X", "As given to batch_norm."},
               {"Scale", "As given to batch_norm."},
               {"Bias", "As given to batch_norm.", kOptional | kMetaOnly},
               {"SavedMean", "As written by batch_norm."},
               {"SavedVariance", "As written by batch_norm."},
               {"ReserveSpace", "As written by batch_norm.", kOptional | kMetaOnly},
               {"Mean", "The running mean, with use_global_stats; SavedMean holds the same.", kOptional | kMetaOnly},
               {"Variance", "The running variance, with use_global_stats.", kOptional | kMetaOnly},
               {"Y@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional},
                {"Scale@GRAD", "Gradient of Scale.", kOptional},
                {"Bias@GRAD", "Gradient of Bias.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Y@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("batch_norm_grad", Prepare, BatchNormGrad);

}  // namespace
}  // namespace paddle
