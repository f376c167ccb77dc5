// Pooling over windows of images: the largest element or the mean of each.
#include <algorithm>
#include <limits>

#include "paddle/device/parallel.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/conv/window.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 32768;  // about 10 us

struct Pool2dAttrs {
  std::string pooling_type;
  std::vector<int32_t> ksize;
  bool global_pooling = false;
  std::vector<int32_t> strides = {1, 1};
  std::vector<int32_t> paddings = {0, 0};
  bool exclusive = true;
  bool adaptive = false;
  bool ceil_mode = false;
  std::string data_format = "NCHW";
  bool is_test = false;
  std::string padding_algorithm = "EXPLICIT";

  static auto Fields() {
    using A = Pool2dAttrs;
    return std::tuple{
        Field{"pooling_type", &A::pooling_type, "max or avg.", Presence::kRequired},
        Field{"ksize", &A::ksize, "Height and width of the window; with adaptive, of the output.", Presence::kRequired},
        Field{"global_pooling", &A::global_pooling,
              "One window over the whole image; ksize and paddings are not used."},
        Field{"strides", &A::strides, "Steps of the window down and to the right."},
        Field{"paddings", &A::paddings,
              "Rows and columns around the image: (height, width) or (top, bottom, left, right)."},
        Field{"exclusive", &A::exclusive, "Whether a mean counts only elements inside the image."},
        Field{"adaptive", &A::adaptive,
              "Cut the image into ksize windows of (nearly) equal size; strides and paddings are not used."},
        Field{"ceil_mode", &A::ceil_mode, "Whether the last window may reach over the end of the image."},
        Field{"data_format", &A::data_format, "NCHW or NHWC: the layout of X and Out."},
        Field{"is_test", &A::is_test, "Has no influence: the result is the same in training and inference."},
        Field{"padding_algorithm", &A::padding_algorithm,
              "EXPLICIT takes paddings; VALID none; SAME as many as give ceil(size / stride) outputs."}};
  }
};

using Attrs = Pool2dAttrs;

std::array<Window, 2> WindowsOf(const Attrs& attrs, const ImageSizes& in) {
  const auto ksize = attrs.global_pooling ? std::array{in.h, in.w} : Pair(attrs.ksize, "ksize", 1);
  const auto strides = Pair(attrs.strides, "strides", 1);
  std::array<Window, 2> windows{Window{ksize[0], strides[0]}, Window{ksize[1], strides[1]}};
  if (!attrs.global_pooling && !attrs.adaptive) SetPaddings(attrs.padding_algorithm, attrs.paddings, in, &windows);
  return windows;
}

int64_t OutSize(const Attrs& attrs, const Window& window, int64_t size) {
  if (attrs.adaptive) return window.kernel;
  if (attrs.global_pooling) return 1;
  return window.Positions(size, attrs.ceil_mode);
}

// The dims of Out.
Dims Check(const Attrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  Require(attrs.pooling_type == "max" || attrs.pooling_type == "avg", "pooling_type is '", attrs.pooling_type,
          "'; expected max or avg");
  const bool nhwc = ChannelsLast(attrs.data_format);
  const ImageSizes in = SplitImage(context.In("X").dims, nhwc, "X");
  Require(in.h != 0 && in.w != 0, "X ", context.In("X").dims, " has images without pixels");
  const auto [rows, columns] = WindowsOf(attrs, in);
  const ImageSizes out{in.n, in.c, OutSize(attrs, rows, in.h), OutSize(attrs, columns, in.w)};
  Require(out.h != 0 && out.w != 0, "a window of ", rows.kernel, " x ", columns.kernel, " does not fit into X ",
          context.In("X").dims, " with paddings ", rows.before, ", ", rows.after, ", ", columns.before, ", ",
          columns.after, "; the output would be empty");
  return JoinImage(out, nhwc);
}

void Infer(const Attrs& attrs, InferContext& context) {
  context.SetOut("Out", Check(attrs, context), context.In("X").dtype);
  context.ShareLod("X", "Out");
}

// The part of the input that one output position sees along one dimension.
struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

std::vector<Range> RangesOf(const Attrs& attrs, const Window& window, int64_t size, int64_t out) {
  std::vector<Range> ranges(out);
  for (int64_t i = 0; i < out; ++i) {
    if (attrs.adaptive) {
      ranges[i] = {i * size / out, ((i + 1) * size + out - 1) / out};
    } else if (attrs.global_pooling) {
      ranges[i] = {0, size};
    } else {
      const int64_t begin = i * window.stride - window.before;
      ranges[i] = {std::clamp<int64_t>(begin, 0, size), std::clamp<int64_t>(begin + window.kernel, 0, size)};
    }
  }
  return ranges;
}

struct PoolState {
  ImageSizes in, out;
  std::vector<Range> rows, columns;
  int64_t window = 0;  // elements that a mean divides by; 0: those inside the image
  bool nhwc = false;

  int64_t Count(const Range& y, const Range& x) const {
    return window ? window : std::max<int64_t>(1, y.size() * x.size());
  }
};

PoolState Prepare(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  PoolState state;
  state.nhwc = ChannelsLast(attrs.data_format);
  state.in = SplitImage(metas.In("X").dims, state.nhwc, "X");
  const auto [rows, columns] = WindowsOf(attrs, state.in);
  state.out = {state.in.n, state.in.c, OutSize(attrs, rows, state.in.h), OutSize(attrs, columns, state.in.w)};
  state.rows = RangesOf(attrs, rows, state.in.h, state.out.h);
  state.columns = RangesOf(attrs, columns, state.in.w, state.out.w);
  if (!attrs.exclusive && !attrs.adaptive) state.window = rows.kernel * columns.kernel;
  return state;
}

// A batch of planes: channels first, one plane a channel of one element a pixel; channels last, one plane an image of
// all channels.
struct Planes {
  int64_t count, channels, in_size, out_size;
  explicit Planes(const PoolState& s)
      : count(s.nhwc ? s.in.n : s.in.n * s.in.c),
        channels(s.nhwc ? s.in.c : 1),
        in_size(s.in.h * s.in.w * channels),
        out_size(s.out.h * s.out.w * channels) {}

  template <class Body>
  void ForEach(const Body& body) const {
    ParallelFor(count, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(in_size, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t plane = begin; plane < end; ++plane) body(plane * in_size, plane * out_size);
                });
  }
};

struct MaxPool {
  template <class T>
  static constexpr T kStart = std::numeric_limits<T>::lowest();  // also of a window that lies outside the image
  template <class T>
  static T Add(T sum, T x) {
    return x > sum ? x : sum;
  }
  template <class T>
  static T Finish(T sum, int64_t) {
    return sum;
  }
};

struct AvgPool {
  template <class T>
  static constexpr T kStart = 0;
  template <class T>
  static T Add(T sum, T x) {
    return sum + x;
  }
  template <class T>
  static T Finish(T sum, int64_t count) {
    return sum / static_cast<T>(count);
  }
};

// One plane with one element a pixel.
template <class Pool, class T>
void PoolPlane(const PoolState& s, const T* x, T* out) {
  for (const Range& y : s.rows)
    for (const Range& z : s.columns) {
      T sum = Pool::template kStart<T>;
      for (int64_t i = y.begin; i < y.end; ++i)
        for (int64_t j = z.begin; j < z.end; ++j) sum = Pool::Add(sum, x[i * s.in.w + j]);
      *out++ = Pool::Finish(sum, s.Count(y, z));
    }
}

// One plane with all channels at a pixel.
template <class Pool, class T>
void PoolChannels(const PoolState& s, const T* x, T* out) {
  const int64_t channels = s.in.c;
  for (const Range& y : s.rows)
    for (const Range& z : s.columns) {
      std::fill_n(out, channels, Pool::template kStart<T>);
      for (int64_t i = y.begin; i < y.end; ++i)
        for (int64_t j = z.begin; j < z.end; ++j) {
          const T* pixel = x + (i * s.in.w + j) * channels;
          for (int64_t c = 0; c < channels; ++c) out[c] = Pool::Add(out[c], pixel[c]);
        }
      const int64_t count = s.Count(y, z);
      for (int64_t c = 0; c < channels; ++c) out[c] = Pool::Finish(out[c], count);
      out += channels;
    }
}

template <class Pool, class T>
void RunPool(const PoolState& s, const T* x, T* out) {
  Planes(s).ForEach([&](int64_t from, int64_t to) {
    if (s.nhwc)
      PoolChannels<Pool>(s, x + from, out + to);
    else
      PoolPlane<Pool>(s, x + from, out + to);
  });
}

void Pool2d(const CpuContext&, const Attrs& attrs, PoolState& state, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    if (attrs.pooling_type == "max")
      RunPool<MaxPool>(state, x.data<T>(), out.mutable_data<T>());
    else
      RunPool<AvgPool>(state, x.data<T>(), out.mutable_data<T>());
  });
}

// ---- gradient ----

// The first element that equals the largest gets the window's gradient.
template <class T>
void MaxGradPlane(const PoolState& s, int64_t channels, const T* x, const T* out, const T* d_out, T* dx) {
  std::fill_n(dx, s.in.h * s.in.w * channels, T(0));
  for (const Range& y : s.rows)
    for (const Range& z : s.columns)
      for (int64_t c = 0; c < channels; ++c, ++out, ++d_out) {
        const auto find = [&] {
          for (int64_t i = y.begin; i < y.end; ++i)
            for (int64_t j = z.begin; j < z.end; ++j)
              if (const int64_t at = (i * s.in.w + j) * channels + c; x[at] == *out) return at;
          return int64_t{-1};
        };
        if (const int64_t at = find(); at >= 0) dx[at] += *d_out;
      }
}

template <class T>
void AvgGradPlane(const PoolState& s, int64_t channels, const T* d_out, T* dx) {
  std::fill_n(dx, s.in.h * s.in.w * channels, T(0));
  for (const Range& y : s.rows)
    for (const Range& z : s.columns) {
      const T scale = T(1) / static_cast<T>(s.Count(y, z));
      for (int64_t i = y.begin; i < y.end; ++i)
        for (int64_t j = z.begin; j < z.end; ++j) {
          T* pixel = dx + (i * s.in.w + j) * channels;
          for (int64_t c = 0; c < channels; ++c) pixel[c] += d_out[c] * scale;
        }
      d_out += channels;
    }
}

void Pool2dGrad(const CpuContext&, const Attrs& attrs, PoolState& state, const Tensor& x, const Tensor& out,
                const Tensor& d_out, Tensor& dx) {
  const Planes planes(state);
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *py = out.data<T>(), *d = d_out.data<T>();
    T* to = dx.mutable_data<T>();
    planes.ForEach([&](int64_t in_at, int64_t out_at) {
      if (attrs.pooling_type == "max")
        MaxGradPlane(state, planes.channels, px + in_at, py + out_at, d + out_at, to + in_at);
      else
        AvgGradPlane(state, planes.channels, d + out_at, to + in_at);
    });
  });
}

void InferGrad(const Attrs& attrs, InferContext& context) {
  const Dims out = Check(attrs, context);
  for (const auto slot : {"Out", "Out@GRAD"}) {
    CheckDims(context, slot, out);
    context.CheckSameDType("X", slot);
  }
  context.CopyMeta("X", "X@GRAD");
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "pool2d",
    .doc = "The largest element (max) or the mean (avg) of each window of an image, channel by channel. A window "
           "outside the image gives the "
           "smallest number (max) or 0 (avg).",
    .inputs = {{"X", "Images [N, C, H, W], or [N, H, W, C] with data_format NHWC."}},
    .outputs = {{"Out",
                 "[N, C, H', W'] in X's layout, H' = floor((H + paddings - height) / stride) + 1, with ceil for floor "
                 "in ceil_mode."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("pool2d", Prepare, Pool2d);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "pool2d_grad",
    .doc = "Gradient of pool2d. Of several largest elements in a window the first, row by row, gets the gradient.",
    .inputs = {{"X", "As given to pool2d."}, {"Out", "The result of pool2d."}, {"Out@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("pool2d_grad", Prepare, Pool2dGrad);

}  // namespace
}  // namespace paddle
