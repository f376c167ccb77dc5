// Images scaled to another size by nearest or linear interpolation.
#include <algorithm>
#include <cmath>

#include "paddle/device/parallel.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 8192;  // about 10 us

struct InterpolateAttrs {
  std::string data_layout = "NCHW";
  int32_t out_d = 0;
  int32_t out_h = 0;
  int32_t out_w = 0;
  float scale = 0;
  std::string interp_method = "bilinear";
  bool align_corners = true;
  int32_t align_mode = 1;

  static auto Fields() {
    using A = InterpolateAttrs;
    return std::tuple{
        Field{"data_layout", &A::data_layout, "NCHW or NHWC: the layout of X and Out."},
        Field{"out_d", &A::out_d, "Has no influence: images have no depth."},
        Field{"out_h", &A::out_h, "Height of Out, where neither an input nor scale tells it."},
        Field{"out_w", &A::out_w, "Width of Out, where neither an input nor scale tells it."},
        Field{"scale", &A::scale, "Out's size over X's; 0 or less: take out_h and out_w."},
        Field{"interp_method", &A::interp_method, "nearest or bilinear."},
        Field{"align_corners", &A::align_corners,
              "Whether the centers of the corner pixels of X and Out coincide, instead of their outer edges."},
        Field{"align_mode", &A::align_mode,
              "bilinear without align_corners: 0 for positions (i + 0.5) ratio - 0.5, 1 for i ratio."}};
  }
  bool nhwc() const { return data_layout == "NHWC"; }
};

using Attrs = InterpolateAttrs;

constexpr int64_t kMostPixels = 1 << 24;  // along one dimension: positions are floats, which count so far without gaps

struct Sizes {
  int64_t h, w;
};

// `in` times the scale where it is positive, else out_h and out_w.
Sizes Scaled(const Attrs& attrs, const Sizes& in, float scale) {
  const auto times = [=](int64_t size) {
    // Anything beyond the largest size will do: it is rejected.
    return size < 0 ? -1 : static_cast<int64_t>(std::min(static_cast<float>(size) * scale, 2.0f * kMostPixels));
  };
  Require(!std::isnan(scale), "Scale is nan; expected a number");
  return scale > 0 ? Sizes{times(in.h), times(in.w)} : Sizes{attrs.out_h, attrs.out_w};
}

// From the strongest source that is there: SizeTensor, OutSize, Scale, the attribute scale, out_h and out_w.
Sizes OutSizes(const Attrs& attrs, const Sizes& in, const InferContext& context) {
  if (context.Count("SizeTensor") > 0) {
    Require(context.Count("SizeTensor") == 2, "SizeTensor has ", context.Count("SizeTensor"),
            " tensors; expected two: height and width");
    if (context.building()) return {-1, -1};
    const auto one = [&](int i) {
      const auto values = context.Values("SizeTensor", i);
      Require(values->size() == 1, "SizeTensor[", i, "] has ", values->size(), " elements; expected one");
      return values->front();
    };
    return {one(0), one(1)};
  }
  if (context.Has("OutSize")) {
    const auto values = context.Values("OutSize");
    if (!values) return {-1, -1};
    Require(values->size() == 2, "OutSize has ", values->size(), " elements; expected two: height and width");
    return {(*values)[0], (*values)[1]};
  }
  if (context.Has("Scale")) {
    const Tensor* scale = context.Value("Scale");
    if (!scale) return {-1, -1};
    Require(scale->numel() == 1, "Scale has shape ", scale->dims(), "; expected one number");
    return Scaled(attrs, in, *scale->data<float>());
  }
  return Scaled(attrs, in, attrs.scale);
}

void Check(const Attrs& attrs, const InferContext& context) {
  Require(attrs.interp_method == "nearest" || attrs.interp_method == "bilinear", "interp_method is '",
          attrs.interp_method, "'; expected nearest or bilinear");
  Require(attrs.data_layout == "NCHW" || attrs.nhwc() || attrs.data_layout == "AnyLayout", "data_layout is '",
          attrs.data_layout, "'; expected NCHW or NHWC");
  Require(attrs.align_mode == 0 || attrs.align_mode == 1, "align_mode is ", attrs.align_mode, "; expected 0 or 1");
  context.CheckRank("X", 4, 4);
  const Dims& x = context.In("X").dims;
  const int height = attrs.nhwc() ? 1 : 2;
  Require(x[height] != 0 && x[height + 1] != 0, "X ", x, " has images without pixels");
}

void Infer(const Attrs& attrs, InferContext& context) {
  Check(attrs, context);
  context.CheckDType("X", {DType::kFloat32, DType::kFloat64, DType::kUInt8});
  context.CheckDType("OutSize", kIndices);
  context.CheckDType("Scale", {DType::kFloat32});
  for (int i = 0; i < context.Count("SizeTensor"); ++i) context.CheckDType("SizeTensor", kIndices, i);
  const Dims& x = context.In("X").dims;
  const bool nhwc = attrs.nhwc();
  const Sizes out = OutSizes(attrs, nhwc ? Sizes{x[1], x[2]} : Sizes{x[2], x[3]}, context);
  const auto check = [&](std::string_view name, int64_t size) {
    if (size == -1 && context.building()) return;  // not known yet
    Require(size >= 1 && size <= kMostPixels, "the ", name, " of Out would be ", size, "; expected 1 to ", kMostPixels);
  };
  check("height", out.h);
  check("width", out.w);
  context.SetOut("Out", nhwc ? Dims{x[0], out.h, out.w, x[3]} : Dims{x[0], x[1], out.h, out.w}, context.In("X").dtype);
}

// The two input positions that an output position lies between, and the weight of the second.
struct Tap {
  int64_t low, high;
  float weight;
};

std::vector<Tap> TapsOf(const Attrs& attrs, int64_t in, int64_t out) {
  const bool bilinear = attrs.interp_method == "bilinear",
             half = bilinear && attrs.align_mode == 0 && !attrs.align_corners;
  float ratio = 0;
  if (out > 1)
    ratio = attrs.align_corners ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                : static_cast<float>(in) / static_cast<float>(out);
  std::vector<Tap> taps(out);
  for (int64_t i = 0; i < out; ++i) {
    const float k = static_cast<float>(i);
    if (!bilinear) {
      const int64_t at = std::min(in - 1, static_cast<int64_t>(ratio * k + (attrs.align_corners ? 0.5f : 0.0f)));
      taps[i] = {at, at, 0};
      continue;
    }
    const float position = half ? std::max(ratio * (k + 0.5f) - 0.5f, 0.0f) : ratio * k;
    const int64_t low = std::min(in - 1, static_cast<int64_t>(position));
    taps[i] = {low, std::min(low + 1, in - 1), position - static_cast<float>(low)};
  }
  return taps;
}

struct InterpolateState {
  int64_t planes, channels, in_w, in_size, out_size;  // channels first: a plane each; channels last: one plane an image
  std::vector<Tap> rows, columns;

  template <class Body>
  void ForEachPlane(const Body& body) const {
    ParallelFor(planes, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(out_size, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t plane = begin; plane < end; ++plane) body(plane * in_size, plane * out_size);
                });
  }
};

InterpolateState MakeState(const Attrs& attrs, const Dims& x, const Dims& out) {
  const bool nhwc = attrs.nhwc();
  const int64_t channels = nhwc ? x[3] : 1;
  const Sizes in = nhwc ? Sizes{x[1], x[2]} : Sizes{x[2], x[3]},
              to = nhwc ? Sizes{out[1], out[2]} : Sizes{out[2], out[3]};
  return {nhwc ? x[0] : x[0] * x[1],
          channels,
          in.w,
          in.h * in.w * channels,
          to.h * to.w * channels,
          TapsOf(attrs, in.h, to.h),
          TapsOf(attrs, in.w, to.w)};
}

InterpolateState Prepare(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  return MakeState(attrs, metas.In("X").dims, metas.Out("Out").dims);
}

// Calls body(output element, four input elements and their weights) for each pixel and channel of a plane.
template <class T, class Body>
void ForEachPixel(const InterpolateState& s, const Body& body) {
  int64_t at = 0;
  for (const Tap& y : s.rows)
    for (const Tap& x : s.columns)
      for (int64_t c = 0; c < s.channels; ++c, ++at) {
        const int64_t low = y.low * s.in_w, high = y.high * s.in_w;
        const int64_t from[4] = {(low + x.low) * s.channels + c, (low + x.high) * s.channels + c,
                                 (high + x.low) * s.channels + c, (high + x.high) * s.channels + c};
        const T v = y.weight, u = x.weight, weights[4] = {(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u};
        body(at, from, weights);
      }
}

template <class T, class Sum>
void RunPlanes(const InterpolateState& s, const T* x, T* out) {
  s.ForEachPlane([&](int64_t in_at, int64_t out_at) {
    const T* plane = x + in_at;
    T* to = out + out_at;
    ForEachPixel<Sum>(s, [=](int64_t at, const int64_t* from, const Sum* weights) {
      Sum sum = 0;
      for (int k = 0; k < 4; ++k) sum += weights[k] * plane[from[k]];
      to[at] = static_cast<T>(sum);
    });
  });
}

void Interpolate(const CpuContext&, const Attrs&, InterpolateState& state, const Tensor& x, const Tensor*,
                 Span<const Tensor>, const Tensor*, Tensor& out) {
  if (x.dtype() == DType::kUInt8)
    return RunPlanes<uint8_t, float>(state, x.data<uint8_t>(), out.mutable_data<uint8_t>());
  VisitFloat(x.dtype(), [&]<class T>() { RunPlanes<T, T>(state, x.data<T>(), out.mutable_data<T>()); });
}

// ---- gradient ----

void InferGrad(const Attrs& attrs, InferContext& context) {
  Check(attrs, context);
  context.CheckDType("X", kFloats);
  context.CheckRank("Out@GRAD", 4, 4);
  const Dims &x = context.In("X").dims, &d_out = context.In("Out@GRAD").dims;
  const Sizes out = attrs.nhwc() ? Sizes{d_out[1], d_out[2]} : Sizes{d_out[2], d_out[3]};
  CheckDims(context, "Out@GRAD", attrs.nhwc() ? Dims{x[0], out.h, out.w, x[3]} : Dims{x[0], x[1], out.h, out.w});
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

InterpolateState PrepareGrad(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  return MakeState(attrs, metas.In("X").dims, metas.In("Out@GRAD").dims);
}

void InterpolateGrad(const CpuContext&, const Attrs&, InterpolateState& state, const Tensor&, const Tensor*,
                     Span<const Tensor>, const Tensor*, const Tensor& d_out, Tensor& dx) {
  VisitFloat(d_out.dtype(), [&]<class T>() {
    state.ForEachPlane([&](int64_t in_at, int64_t out_at) {
      const T* d = d_out.data<T>() + out_at;
      T* to = dx.mutable_data<T>() + in_at;
      std::fill_n(to, state.in_size, T(0));
      ForEachPixel<T>(state, [=](int64_t at, const int64_t* from, const T* weights) {
        for (int k = 0; k < 4; ++k) to[from[k]] += weights[k] * d[at];
      });
    });
  });
}

OpSpec<Attrs> ForwardSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"X", "Images [N, C, H, W], or [N, H, W, C] with data_layout NHWC."},
                     {"OutSize", "Height and width of Out, two integers; stronger than scale.",
                      kOptional | kValue | kNoGradient},
                     {"SizeTensor", "Height and width of Out, one integer each; stronger than OutSize.",
                      kRepeated | kOptional | kValue | kNoGradient},
                     {"Scale", "One float32 in place of the attribute scale.", kOptional | kValue | kNoGradient}},
          .outputs = {{"Out", "Images of X's layout and the new height and width."}},
          .infer = Infer};
}

OpSpec<Attrs> GradSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"X", "As given to the op.", kMetaOnly},
                     {"OutSize", "As given to the op.", kOptional | kMetaOnly | kNoGradient},
                     {"SizeTensor", "As given to the op.", kRepeated | kOptional | kMetaOnly | kNoGradient},
                     {"Scale", "As given to the op.", kOptional | kMetaOnly | kNoGradient},
                     {"Out@GRAD", "Gradient of the result."}},
          .outputs = {{"X@GRAD", "Gradient of X."}},
          .infer = InferGrad};
}

const Registered kNearest = RegisterOp(ForwardSpec(
    "nearest_interp",
    "Images scaled to another size: each pixel of Out is the nearest pixel of X (with interp_method nearest)."));
const Registered kNearestCpu = RegisterKernel("nearest_interp", Prepare, Interpolate);
const Registered kNearestGrad = RegisterOp(GradSpec("nearest_interp_grad", "Gradient of nearest_interp."));
const Registered kNearestGradCpu = RegisterKernel("nearest_interp_grad", PrepareGrad, InterpolateGrad);

const Registered kBilinear =
    RegisterOp(ForwardSpec("bilinear_interp",
                           "Images scaled to another size: each pixel of Out is a mean of the four pixels of X around "
                           "it, weighted by closeness (with interp_method bilinear)."));
const Registered kBilinearCpu = RegisterKernel("bilinear_interp", Prepare, Interpolate);
const Registered kBilinearGrad = RegisterOp(GradSpec("bilinear_interp_grad", "Gradient of bilinear_interp."));
const Registered kBilinearGradCpu = RegisterKernel("bilinear_interp_grad", PrepareGrad, InterpolateGrad);

}  // namespace
}  // namespace paddle
