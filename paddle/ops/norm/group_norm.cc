// Group normalisation (Wu and He, 2018).
#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/norm/moments.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 8192;  // about 10 us

struct GroupNormAttrs {
  float epsilon = 1e-5f;
  int32_t groups = 0;
  std::string data_layout = "NCHW";

  static auto Fields() {
    return std::tuple{
        Field{"epsilon", &GroupNormAttrs::epsilon, "Added to the variance."},
        Field{"groups", &GroupNormAttrs::groups, "Number of groups that the channels are cut into.",
              Presence::kRequired},
        Field{"data_layout", &GroupNormAttrs::data_layout, "NCHW: channels are the second dimension; NHWC: the last."}};
  }
};

using Attrs = GroupNormAttrs;

struct View {
  bool nhwc;
  int64_t n, channels, pixels, groups;

  View(const Attrs& attrs, const Dims& x) : nhwc(attrs.data_layout == "NHWC"), n(x[0]), groups(attrs.groups) {
    const int axis = nhwc ? x.rank() - 1 : 1;
    channels = x[axis];
    pixels = nhwc ? x.Product(1, axis) : x.Product(2, x.rank());
  }
  int64_t width() const { return channels / groups; }
  Runs runs() const { return nhwc ? Runs{pixels, width(), channels} : Runs{width(), pixels, pixels}; }
  // The first channel, and the first element, of group k of n * groups.
  int64_t channel(int64_t k) const { return k % groups * width(); }
  int64_t begin(int64_t k) const { return k / groups * channels * pixels + channel(k) * (nhwc ? 1 : pixels); }

  template <class Body>
  void ForEachGroup(const Body& body) const {
    ParallelFor(n * groups, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(width() * pixels, 1)),
                [&](int64_t from, int64_t to) {
                  for (int64_t k = from; k < to; ++k) body(k);
                });
  }
};

// A number of each channel of a group, by run and place in it; `otherwise` where there are none.
template <class T>
struct PerChannel {
  const T* data;
  T otherwise;
  bool nhwc;
  T operator()(int64_t r, int64_t i) const { return data ? data[nhwc ? i : r] : otherwise; }
};

template <class T>
PerChannel<T> ChannelsOf(const View& v, const Tensor* tensor, int64_t group, T otherwise) {
  return {tensor ? tensor->data<T>() + v.channel(group) : nullptr, otherwise, v.nhwc};
}

void Check(const Attrs& attrs, std::string_view x_slot, InferContext& context) {
  context.CheckDType(x_slot, kFloats);
  context.CheckRank(x_slot, 2, 5);
  Require(attrs.data_layout == "NCHW" || attrs.data_layout == "NHWC" || attrs.data_layout == "AnyLayout",
          "data_layout is '", attrs.data_layout, "'; expected NCHW or NHWC");
  Require(attrs.groups >= 1, "groups must be positive, got ", attrs.groups);
  const View v(attrs, context.In(x_slot).dims);
  Require(v.channels != 0 && v.pixels != 0, "input ", x_slot, " has shape ", context.In(x_slot).dims,
          ", whose groups are empty: there is nothing to normalise");
  Require(v.channels < 0 || v.channels % v.groups == 0, "the ", v.channels, " channels of ", x_slot, ' ',
          context.In(x_slot).dims, " cannot be cut into ", v.groups, " equal groups");
  for (const auto slot : {"Scale", "Bias"}) {
    if (!context.Has(slot)) continue;
    const Dims& dims = context.In(slot).dims;
    Require(dims.rank() == 1 && SizesAgree(dims[0], v.channels), slot, " has shape ", dims, "; expected [", v.channels,
            "], a number a channel");
    context.CheckSameDType(x_slot, slot);
  }
}

void Infer(const Attrs& attrs, InferContext& context) {
  Check(attrs, "X", context);
  const View v(attrs, context.In("X").dims);
  context.CopyMeta("X", "Y");
  context.SetOut("Mean", {v.n, v.groups}, context.In("X").dtype);
  context.SetOut("Variance", {v.n, v.groups}, context.In("X").dtype);
}

void GroupNorm(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor* scale, const Tensor* bias,
               Tensor& y, Tensor& mean, Tensor& variance) {
  const View v(attrs, x.dims());
  const Runs runs = v.runs();
  VisitFloat(x.dtype(), [&]<class T>() {
    v.ForEachGroup([&](int64_t k) {
      const T* from = x.data<T>() + v.begin(k);
      T* to = y.mutable_data<T>() + v.begin(k);
      const Moments<T> moments = MomentsOf<T>(runs, from);
      mean.mutable_data<T>()[k] = moments.mean;
      variance.mutable_data<T>()[k] = moments.variance;
      const T inverse = InverseDeviation(moments.variance, attrs.epsilon);
      const auto s = ChannelsOf<T>(v, scale, k, 1), b = ChannelsOf<T>(v, bias, k, 0);
      runs.ForEach(
          [&](int64_t r, int64_t i, int64_t at) { to[at] = (from[at] - moments.mean) * inverse * s(r, i) + b(r, i); });
    });
  });
}

// ---- gradient: from Y, as programs give it; h = (Y - Bias) / Scale is what X was after normalisation (0 where Scale
// is 0) ----

void InferGrad(const Attrs& attrs, InferContext& context) {
  Check(attrs, "Y", context);
  CheckDims(context, "Variance", {context.In("Y").dims[0], attrs.groups});
  context.CheckSameDType("Y", "Variance");
  context.CheckSameDims("Y", "Y@GRAD");
  context.CheckSameDType("Y", "Y@GRAD");
  for (const auto& [from, to] : {std::pair{"Y", "X@GRAD"}, {"Scale", "Scale@GRAD"}, {"Bias", "Bias@GRAD"}})
    if (context.HasOut(to)) context.CopyMeta(from, to);
}

template <class T>
T Normalised(T y, T scale, T bias) {
  return scale == 0 ? T(0) : (y - bias) / scale;
}

// d_bias = sum(dy), d_scale = sum(dy h) over all elements of a channel.
template <class T>
void ParameterGrads(const View& v, const T* y, const T* dy, const Tensor* scale, const Tensor* bias, T* d_scale,
                    T* d_bias) {
  ParallelFor(v.channels, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(v.n * v.pixels, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t c = begin; c < end; ++c) {
                  const T s = scale ? scale->data<T>()[c] : T(1), b = bias ? bias->data<T>()[c] : T(0);
                  double sum = 0, dot = 0;
                  for (int64_t i = 0; i < v.n; ++i) {
                    const int64_t at = v.nhwc ? i * v.pixels * v.channels + c : (i * v.channels + c) * v.pixels,
                                  step = v.nhwc ? v.channels : 1;
                    sum += LaneSum<T>(v.pixels, [=](int64_t p) { return dy[at + p * step]; });
                    dot += LaneSum<T>(
                        v.pixels, [=](int64_t p) { return dy[at + p * step] * Normalised(y[at + p * step], s, b); });
                  }
                  if (d_scale) d_scale[c] = static_cast<T>(dot);
                  if (d_bias) d_bias[c] = static_cast<T>(sum);
                }
              });
}

// With g = scale dy: dx = inverse (g - mean(g) - h mean(g h)) over the group.
void GroupNormGrad(const CpuContext&, const Attrs& attrs, const Tensor& y, const Tensor* scale, const Tensor* bias,
                   const Tensor& variance, const Tensor& d_y, Tensor* d_x, Tensor* d_scale, Tensor* d_bias) {
  const View v(attrs, y.dims());
  const Runs runs = v.runs();
  VisitFloat(y.dtype(), [&]<class T>() {
    if (d_scale || d_bias)
      ParameterGrads<T>(v, y.data<T>(), d_y.data<T>(), scale, bias, d_scale ? d_scale->mutable_data<T>() : nullptr,
                        d_bias ? d_bias->mutable_data<T>() : nullptr);
    if (!d_x) return;
    v.ForEachGroup([&](int64_t k) {
      const T *from = y.data<T>() + v.begin(k), *d = d_y.data<T>() + v.begin(k);
      T* to = d_x->mutable_data<T>() + v.begin(k);
      const T inverse = InverseDeviation(variance.data<T>()[k], attrs.epsilon), n = static_cast<T>(runs.size());
      const auto s = ChannelsOf<T>(v, scale, k, 1), b = ChannelsOf<T>(v, bias, k, 0);
      const auto g = [=](int64_t r, int64_t i, int64_t at) { return s(r, i) * d[at]; };
      const auto h = [=](int64_t r, int64_t i, int64_t at) { return Normalised(from[at], s(r, i), b(r, i)); };
      const T sum = runs.Sum<T>(g) / n,
              dot = runs.Sum<T>([=](int64_t r, int64_t i, int64_t at) { return g(r, i, at) * h(r, i, at); }) / n;
      runs.ForEach(
          [&](int64_t r, int64_t i, int64_t at) { to[at] = inverse * (g(r, i, at) - sum - h(r, i, at) * dot); });
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "group_norm",
    .doc = "Normalises each group of channels of each image: Y = Scale (X - Mean) / sqrt(Variance + epsilon) + Bias. "
           "Wu and He, 2018, arXiv:1803.08494.",
    .inputs = {{"X", "[N, C], [N, C, ...] or [N, ..., C], of rank 2 to 5."},
               {"Scale", "Factor a channel [C]; absent: 1.", kOptional},
               {"Bias", "Summand a channel [C]; absent: 0.", kOptional}},
    .outputs = {{"Y", "Tensor of X's shape, grouped as X."},
                {"Mean", "Mean of each group [N, groups].", kIntermediate},
                {"Variance", "Variance of each group [N, groups].", kIntermediate}},
    .infer = Infer,
    .may_share = {{"Y", "X"}},
});
const Registered kCpu = RegisterKernel("group_norm", GroupNorm);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "group_norm_grad",
    .doc = "Gradient of group_norm, from its result.",
    .inputs = {{"Y", "The result of group_norm."},
               {"Scale", "As given to group_norm.", kOptional},
               {"Bias", "As given to group_norm.", kOptional},
               {"Variance", "As written by group_norm."},
               {"Y@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional},
                {"Scale@GRAD", "Gradient of Scale.", kOptional},
                {"Bias@GRAD", "Gradient of Bias.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Y@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("group_norm_grad", GroupNormGrad);

}  // namespace
}  // namespace paddle
