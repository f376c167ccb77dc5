// Instance normalisation (Ulyanov et al., 2016), with its first and second gradient.
#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/norm/moments.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 8192;  // about 10 us

struct InstanceNormAttrs {
  float epsilon = 1e-5f;

  static auto Fields() { return std::tuple{Field{"epsilon", &InstanceNormAttrs::epsilon, "Added to the variance."}}; }
};

using Attrs = InstanceNormAttrs;

// X seen as [n, channels, pixels]; a plane is one channel of one image.
struct View {
  int64_t n, channels, pixels;
  explicit View(const Dims& x) : n(x[0]), channels(x[1]), pixels(x.Product(2, x.rank())) {}
  int64_t planes() const { return n < 0 || channels < 0 ? -1 : n * channels; }
  Runs runs() const { return {1, pixels, 0}; }

  // Calls body(plane, channel, first element).
  template <class Body>
  void ForEachPlane(const Body& body) const {
    ParallelFor(n * channels, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(pixels, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t plane = begin; plane < end; ++plane) body(plane, plane % channels, plane * pixels);
                });
  }
  // Calls body(channel) for each channel.
  template <class Body>
  void ForEachChannel(const Body& body) const {
    ParallelFor(channels, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(n * pixels, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t c = begin; c < end; ++c) body(c);
                });
  }
};

void Check(InferContext& context, std::initializer_list<std::string_view> channel_slots) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, 5);
  const View v(context.In("X").dims);
  Require(v.pixels != 0, "input X has shape ", context.In("X").dims,
          ", whose images are empty: there is nothing to normalise");
  const int64_t channels = v.channels;
  for (const auto slot : channel_slots) {
    if (!context.Has(slot)) continue;
    const Dims& dims = context.In(slot).dims;
    Require(dims.rank() == 1 && SizesAgree(dims[0], channels), slot, " has shape ", dims, "; expected [", channels,
            "], a number a channel");
    context.CheckSameDType("X", slot);
  }
}

void Infer(const Attrs&, InferContext& context) {
  Check(context, {"Scale", "Bias"});
  const int64_t planes = View(context.In("X").dims).planes();
  context.CopyMeta("X", "Y");
  context.SetOut("SavedMean", {planes}, context.In("X").dtype);
  context.SetOut("SavedVariance", {planes}, context.In("X").dtype);
}

void InstanceNorm(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor* scale, const Tensor* bias,
                  Tensor& y, Tensor& mean, Tensor& inverse) {
  const View v(x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    v.ForEachPlane([&](int64_t plane, int64_t c, int64_t begin) {
      const T* from = x.data<T>() + begin;
      T* to = y.mutable_data<T>() + begin;
      const Moments<T> moments = MomentsOf<T>(v.runs(), from);
      const T m = moments.mean, s = InverseDeviation(moments.variance, attrs.epsilon);
      mean.mutable_data<T>()[plane] = m;
      inverse.mutable_data<T>()[plane] = s;
      const T factor = scale ? s * scale->data<T>()[c] : s, offset = bias ? bias->data<T>()[c] : T(0);
      for (int64_t i = 0; i < v.pixels; ++i) to[i] = (from[i] - m) * factor + offset;
    });
  });
}

// ---- gradient ----

// One plane's normalised elements h = (x - mean) s and means over it.
template <class T>
struct Plane {
  const T* x;
  int64_t n;
  T mean, s;

  T h(int64_t i) const { return (x[i] - mean) * s; }
  T Mean(const T* a) const {
    return LaneSum<T>(n, [=](int64_t i) { return a[i]; }) / static_cast<T>(n);
  }
  T MeanWithH(const T* a) const {
    return LaneSum<T>(n, [this, a](int64_t i) { return a[i] * h(i); }) / static_cast<T>(n);
  }
};

template <class T>
Plane<T> PlaneOf(const View& v, const Tensor& x, const Tensor& mean, const Tensor& inverse, int64_t plane) {
  return {x.data<T>() + plane * v.pixels, v.pixels, mean.data<T>()[plane], inverse.data<T>()[plane]};
}

void CheckSaved(InferContext& context) {
  for (const auto slot : {"SavedMean", "SavedVariance"}) {
    CheckDims(context, slot, {View(context.In("X").dims).planes()});
    context.CheckSameDType("X", slot);
  }
}

void InferGrad(const Attrs&, InferContext& context) {
  Check(context, {"Scale"});
  CheckSaved(context);
  context.CheckSameDims("X", "Y@GRAD");
  context.CheckSameDType("X", "Y@GRAD");
  if (context.HasOut("X@GRAD")) context.CopyMeta("X", "X@GRAD");
  for (const auto slot : {"Scale@GRAD", "Bias@GRAD"})
    context.SetOut(slot, {context.In("X").dims[1]}, context.In("X").dtype);
}

// d_bias = sum(dy), d_scale = sum(dy h) over a channel; dx = scale s (dy - mean(dy) - h mean(dy h)) over a plane.
void InstanceNormGrad(const CpuContext&, const Attrs&, const Tensor& x, const Tensor* scale, const Tensor& mean,
                      const Tensor& inverse, const Tensor& d_y, Tensor* d_x, Tensor* d_scale, Tensor* d_bias) {
  const View v(x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T* dy = d_y.data<T>();
    if (d_scale || d_bias)
      v.ForEachChannel([&](int64_t c) {
        double sum = 0, dot = 0;
        for (int64_t plane = c; plane < v.planes(); plane += v.channels) {
          const Plane<T> p = PlaneOf<T>(v, x, mean, inverse, plane);
          const T* d = dy + plane * v.pixels;
          sum += LaneSum<T>(v.pixels, [=](int64_t i) { return d[i]; });
          dot += LaneSum<T>(v.pixels, [=](int64_t i) { return d[i] * p.h(i); });
        }
        if (d_scale) d_scale->mutable_data<T>()[c] = static_cast<T>(dot);
        if (d_bias) d_bias->mutable_data<T>()[c] = static_cast<T>(sum);
      });
    if (!d_x) return;
    v.ForEachPlane([&](int64_t plane, int64_t c, int64_t begin) {
      const Plane<T> p = PlaneOf<T>(v, x, mean, inverse, plane);
      const T *d = dy + begin, factor = scale ? p.s * scale->data<T>()[c] : p.s, sum = p.Mean(d), dot = p.MeanWithH(d);
      T* to = d_x->mutable_data<T>() + begin;
      for (int64_t i = 0; i < v.pixels; ++i) to[i] = factor * (d[i] - sum - p.h(i) * dot);
    });
  });
}

// ---- gradient of the gradient ----

void GradInstanceNormGrad(const Attrs& attrs, GradContext& g) {
  OpDesc& op = g.Emit("instance_norm_grad_grad", attrs);
  for (const auto slot : {"X", "Scale", "SavedMean", "SavedVariance"}) op.SetInput(slot, g.In(slot));
  op.SetInput("DY", g.In("Y@GRAD"));
  op.SetInput("DDX", g.OutGrad("X@GRAD"));
  op.SetInput("DDScale", g.OutGrad("Scale@GRAD"));
  op.SetInput("DDBias", g.OutGrad("Bias@GRAD"));
  op.SetOutput("DX", g.InGrad("X"));
  op.SetOutput("DScale", g.InGrad("Scale"));
  op.SetOutput("DDY", g.InGrad("Y@GRAD"));
}

void InferGradGrad(const Attrs&, InferContext& context) {
  Check(context, {"Scale", "DDScale", "DDBias"});
  CheckSaved(context);
  for (const auto slot : {"DY", "DDX"}) {
    if (!context.Has(slot)) continue;
    context.CheckSameDims("X", slot);
    context.CheckSameDType("X", slot);
  }
  if (context.HasOut("DX")) context.CopyMeta("X", "DX");
  if (context.HasOut("DDY")) context.CopyMeta("DY", "DDY");
  context.SetOut("DScale", {context.In("X").dims[1]}, context.In("X").dtype);
}

// Writes DDY and DX of one plane, where not null, and returns its part of DScale. With g = scale, a = DY, u = DDX
// (null: zeros), p = DDScale, q = DDBias, and A, B, U, V, C = means of a, a h, u, u h, u a over the plane:
//   DDY = g s (u - U - h V) + p h + q
//   DX = p s (a - A - h B) - g s^2 (h (C - U A - V B) + (u - U - h V) B + (a - A - h B) V)
//   DScale = n s (C - U A - V B)
template <class T>
T PlaneGradGrad(const Plane<T>& plane, T g, T p, T q, const T* a, const T* u, T* ddy, T* dx) {
  const T A = plane.Mean(a), B = plane.MeanWithH(a), U = u ? plane.Mean(u) : T(0), V = u ? plane.MeanWithH(u) : T(0),
          s = plane.s;
  const T C = u ? LaneSum<T>(plane.n, [=](int64_t i) { return u[i] * a[i]; }) / static_cast<T>(plane.n) : T(0);
  const T rest = C - U * A - V * B;
  for (int64_t i = 0; i < plane.n; ++i) {
    const T h = plane.h(i), ra = a[i] - A - h * B, ru = u ? u[i] - U - h * V : T(0);
    if (ddy) ddy[i] = g * s * ru + p * h + q;
    if (dx) dx[i] = p * s * ra - g * s * s * (h * rest + ru * B + ra * V);
  }
  return static_cast<T>(plane.n) * s * rest;
}

void InstanceNormGradGrad(const CpuContext&, const Attrs&, const Tensor& x, const Tensor* scale, const Tensor& mean,
                          const Tensor& inverse, const Tensor& d_y, const Tensor* dd_x, const Tensor* dd_scale,
                          const Tensor* dd_bias, Tensor* d_x, Tensor* d_scale, Tensor* dd_y) {
  const View v(x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const auto at = [](const Tensor* tensor, int64_t c, T otherwise) {
      return tensor ? tensor->data<T>()[c] : otherwise;
    };
    v.ForEachChannel([&](int64_t c) {
      T sum = 0;
      for (int64_t plane = c; plane < v.planes(); plane += v.channels) {
        const int64_t begin = plane * v.pixels;
        sum += PlaneGradGrad(PlaneOf<T>(v, x, mean, inverse, plane), at(scale, c, 1), at(dd_scale, c, 0),
                             at(dd_bias, c, 0), d_y.data<T>() + begin, dd_x ? dd_x->data<T>() + begin : nullptr,
                             dd_y ? dd_y->mutable_data<T>() + begin : nullptr,
                             d_x ? d_x->mutable_data<T>() + begin : nullptr);
      }
      if (d_scale) d_scale->mutable_data<T>()[c] = sum;
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "instance_norm",
    .doc = "Normalises each channel of each image: Y = Scale (X - mean) / sqrt(variance + epsilon) + Bias. Ulyanov et "
           "al., 2016, arXiv:1607.08022.",
    .inputs = {{"X", "[N, C] or [N, C, ...], of rank 2 to 5."},
               {"Scale", "Factor a channel [C]; absent: 1.", kOptional},
               {"Bias", "Summand a channel [C]; absent: 0.", kOptional}},
    .outputs = {{"Y", "Tensor of X's shape, grouped as X."},
                {"SavedMean", "Mean of each channel of each image [N C].", kIntermediate},
                {"SavedVariance", "1 / sqrt(variance + epsilon) of each channel of each image [N C].", kIntermediate}},
    .infer = Infer,
    .may_share = {{"Y", "X"}},
});
const Registered kCpu = RegisterKernel("instance_norm", InstanceNorm);

const Registered kGradOp = RegisterOp<Attrs>({
    .name = "instance_norm_grad",
    .doc = "Gradient of instance_norm.",
    .inputs = {{"X", "As given to instance_norm."},
               {"Scale", "As given to instance_norm.", kOptional},
               {"SavedMean", "As written by instance_norm."},
               {"SavedVariance", "As written by instance_norm."},
               {"Y@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional},
                {"Scale@GRAD", "Gradient of Scale.", kOptional},
                {"Bias@GRAD", "Gradient of Bias.", kOptional}},
    .infer = InferGrad,
    .grad = GradInstanceNormGrad,
    .may_share = {{"X@GRAD", "Y@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("instance_norm_grad", InstanceNormGrad);

const Registered kGradGradOp = RegisterOp<Attrs>({
    .name = "instance_norm_grad_grad",
    .doc = "Gradient of instance_norm_grad.",
    .inputs = {{"X", "As given to instance_norm."},
               {"Scale", "As given to instance_norm.", kOptional},
               {"SavedMean", "As written by instance_norm."},
               {"SavedVariance", "As written by instance_norm."},
               {"DY", "Gradient of the result, as given to instance_norm_grad."},
               {"DDX", "Gradient of X@GRAD.", kOptional},
               {"DDScale", "Gradient of Scale@GRAD.", kOptional},
               {"DDBias", "Gradient of Bias@GRAD.", kOptional}},
    .outputs = {{"DX", "Gradient of X.", kOptional},
                {"DScale", "Gradient of Scale.", kOptional},
                {"DDY", "Gradient of DY.", kOptional}},
    .infer = InferGradGrad,
});
const Registered kGradGradCpu = RegisterKernel("instance_norm_grad_grad", InstanceNormGradGrad);

}  // namespace
}  // namespace paddle
