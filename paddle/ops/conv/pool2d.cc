// Pooling over windows of images: the largest element or the mean of each.
#include "paddle/ops/conv/pool2d.h"

#include <algorithm>
#include <limits>

#include "paddle/device/parallel.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/conv/pool_rows.h"
#include "paddle/ops/conv/window.h"

namespace paddle {

PoolSizes PoolSizesOf(const Pool2dAttrs& attrs, const Dims& x) {
  const bool nhwc = ChannelsLast(attrs.data_format);
  const ImageSizes in = SplitImage(x, nhwc, "X");
  Require(in.h != 0 && in.w != 0, "X ", x, " has images without pixels");
  const auto ksize = attrs.global_pooling ? std::array{in.h, in.w} : Pair(attrs.ksize, "ksize", 1);
  const auto strides = Pair(attrs.strides, "strides", 1);
  std::array<Window, 2> windows{Window{ksize[0], strides[0]}, Window{ksize[1], strides[1]}};
  if (!attrs.global_pooling && !attrs.adaptive) SetPaddings(attrs.padding_algorithm, attrs.paddings, in, &windows);
  const auto axis = [&](const Window& window, int64_t size) {
    const int64_t out = attrs.adaptive         ? window.kernel
                        : attrs.global_pooling ? 1
                                               : window.Positions(size, attrs.ceil_mode);
    return PoolAxis{size, out, window.kernel, window.stride, window.before, attrs.adaptive};
  };
  PoolSizes sizes{in.n, in.c, axis(windows[0], in.h), axis(windows[1], in.w), 0, nhwc};
  if (!attrs.exclusive && !attrs.adaptive) sizes.window = windows[0].kernel * windows[1].kernel;
  Require(sizes.rows.out != 0 && sizes.columns.out != 0, "a window of ", windows[0].kernel, " x ", windows[1].kernel,
          " does not fit into X ", x, " with paddings ", windows[0].before, ", ", windows[0].after, ", ",
          windows[1].before, ", ", windows[1].after, "; the output would be empty");
  return sizes;
}

namespace {

constexpr int64_t kElementsPerTask = 32768;  // about 10 us

using Attrs = Pool2dAttrs;

// The dims of Out.
Dims Check(const Attrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  Require(attrs.pooling_type == "max" || attrs.pooling_type == "avg", "pooling_type is '", attrs.pooling_type,
          "'; expected max or avg");
  const PoolSizes s = PoolSizesOf(attrs, context.In("X").dims);
  return JoinImage({s.n, s.c, s.rows.out, s.columns.out}, s.nhwc);
}

void Infer(const Attrs& attrs, InferContext& context) {
  context.SetOut("Out", Check(attrs, context), context.In("X").dtype);
  context.ShareLod("X", "Out");
}

struct PoolState : PoolSizes {
  std::vector<PoolRange> row_ranges, column_ranges;
};

std::vector<PoolRange> RangesOf(const PoolAxis& axis) {
  std::vector<PoolRange> ranges(axis.out);
  for (int64_t i = 0; i < axis.out; ++i) ranges[i] = axis.At(i);
  return ranges;
}

PoolState Prepare(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  const PoolSizes sizes = PoolSizesOf(attrs, metas.In("X").dims);
  return {sizes, RangesOf(sizes.rows), RangesOf(sizes.columns)};
}

// A batch of planes: channels first, one plane a channel of one element a pixel; channels last, one plane an image of
// all channels.
struct Planes {
  int64_t count, channels, in_size, out_size;
  explicit Planes(const PoolState& s)
      : count(s.nhwc ? s.n : s.n * s.c),
        channels(s.nhwc ? s.c : 1),
        in_size(s.rows.size * s.columns.size * channels),
        out_size(s.rows.out * s.columns.out * channels) {}

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
  if (HasRows(s)) return s.columns.kernel == 1 ? PoolRows<1, Pool>(s, x, out) : PoolRows<2, Pool>(s, x, out);
  for (const PoolRange& y : s.row_ranges)
    for (const PoolRange& z : s.column_ranges) {
      T sum = Pool::template kStart<T>;
      for (int64_t i = y.begin; i < y.end; ++i)
        for (int64_t j = z.begin; j < z.end; ++j) sum = Pool::Add(sum, x[i * s.columns.size + j]);
      *out++ = Pool::Finish(sum, s.Count(y, z));
    }
}

// One plane with all channels at a pixel.
template <class Pool, class T>
void PoolChannels(const PoolState& s, const T* x, T* out) {
  const int64_t channels = s.c;
  for (const PoolRange& y : s.row_ranges)
    for (const PoolRange& z : s.column_ranges) {
      std::fill_n(out, channels, Pool::template kStart<T>);
      for (int64_t i = y.begin; i < y.end; ++i)
        for (int64_t j = z.begin; j < z.end; ++j) {
          const T* pixel = x + (i * s.columns.size + j) * channels;
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
  if (HasRows(s)) {
    std::vector<T> rest(s.columns.out);
    return s.columns.kernel == 1 ? MaxGradRows<1>(s, x, out, d_out, dx, rest.data())
                                 : MaxGradRows<2>(s, x, out, d_out, dx, rest.data());
  }
  std::fill_n(dx, s.rows.size * s.columns.size * channels, T(0));
  for (const PoolRange& y : s.row_ranges)
    for (const PoolRange& z : s.column_ranges)
      for (int64_t c = 0; c < channels; ++c, ++out, ++d_out) {
        const auto find = [&] {
          for (int64_t i = y.begin; i < y.end; ++i)
            for (int64_t j = z.begin; j < z.end; ++j)
              if (const int64_t at = (i * s.columns.size + j) * channels + c; x[at] == *out) return at;
          return int64_t{-1};
        };
        if (const int64_t at = find(); at >= 0) dx[at] += *d_out;
      }
}

template <class T>
void AvgGradPlane(const PoolState& s, int64_t channels, const T* d_out, T* dx) {
  std::fill_n(dx, s.rows.size * s.columns.size * channels, T(0));
  for (const PoolRange& y : s.row_ranges)
    for (const PoolRange& z : s.column_ranges) {
      const T scale = T(1) / static_cast<T>(s.Count(y, z));
      for (int64_t i = y.begin; i < y.end; ++i)
        for (int64_t j = z.begin; j < z.end; ++j) {
          T* pixel = dx + (i * s.columns.size + j) * channels;
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
