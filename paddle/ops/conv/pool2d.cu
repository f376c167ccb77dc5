// Pooling on the GPU: kernels of our own, because cuDNN's pooling has neither Fluid's ceil mode nor its paddings.
#include "paddle/math/cuda/launch.h"
#include "paddle/op/registry.h"
#include "paddle/ops/conv/pool2d.h"

namespace paddle {
namespace {

using Attrs = Pool2dAttrs;

// An element of an image batch in either layout.
struct Pixel {
  int64_t plane, y, x;  // plane: image and channel
};

constexpr Pixel PixelAt(const PoolSizes& s, int64_t h, int64_t w, int64_t i) {
  if (!s.nhwc) return {i / (h * w), i / w % h, i % w};
  return {i / (h * w * s.c) * s.c + i % s.c, i / (s.c * w) % h, i / s.c % w};
}

constexpr int64_t IndexOf(const PoolSizes& s, int64_t h, int64_t w, const Pixel& p) {
  if (!s.nhwc) return (p.plane * h + p.y) * w + p.x;
  return ((p.plane / s.c * h + p.y) * w + p.x) * s.c + p.plane % s.c;
}

template <class T>
void Forward(const CudaContext& context, const PoolSizes& sizes, bool max, const T* x, T* out) {
  const PoolSizes s = sizes;
  const int64_t h = s.rows.size, w = s.columns.size, out_h = s.rows.out, out_w = s.columns.out;
  cuda::ForEach(context, s.n * s.c * out_h * out_w, [=] __device__(int64_t i) {
    const Pixel p = PixelAt(s, out_h, out_w, i);
    const PoolRange rows = s.rows.At(p.y), columns = s.columns.At(p.x);
    T value = max ? std::numeric_limits<T>::lowest() : T(0);
    for (int64_t y = rows.begin; y < rows.end; ++y)
      for (int64_t z = columns.begin; z < columns.end; ++z) {
        const T element = x[IndexOf(s, h, w, {p.plane, y, z})];
        value = !max ? value + element : element > value ? element : value;
      }
    out[i] = max ? value : value / static_cast<T>(s.Count(rows, columns));
  });
}

void Pool2d(const CudaContext& context, const Attrs& attrs, const Tensor& x, Tensor& out) {
  const PoolSizes sizes = PoolSizesOf(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    Forward(context, sizes, attrs.pooling_type == "max", x.data<T>(), out.mutable_data<T>());
  });
}

// Whether element (y, x) is the first of its window that equals the largest.
template <class T>
__device__ bool IsFirst(const PoolSizes& s, const PoolRange& rows, const PoolRange& columns, const Pixel& p, T largest,
                        const T* x) {
  const int64_t h = s.rows.size, w = s.columns.size;
  if (x[IndexOf(s, h, w, p)] != largest) return false;
  for (int64_t y = rows.begin; y <= p.y; ++y)
    for (int64_t z = columns.begin; z < (y < p.y ? columns.end : p.x); ++z)
      if (x[IndexOf(s, h, w, {p.plane, y, z})] == largest) return false;
  return true;
}

// Each input element adds up what the windows that see it send, so that no two threads write the same element.
template <class T>
void Backward(const CudaContext& context, const PoolSizes& sizes, bool max, const T* x, const T* out, const T* d_out,
              T* dx) {
  const PoolSizes s = sizes;
  const int64_t h = s.rows.size, w = s.columns.size, out_h = s.rows.out, out_w = s.columns.out;
  cuda::ForEach(context, s.n * s.c * h * w, [=] __device__(int64_t i) {
    const Pixel p = PixelAt(s, h, w, i);
    const PoolRange seen_rows = s.rows.Seen(p.y), seen_columns = s.columns.Seen(p.x);
    T sum = 0;
    for (int64_t y = seen_rows.begin; y < seen_rows.end; ++y)
      for (int64_t z = seen_columns.begin; z < seen_columns.end; ++z) {
        const PoolRange rows = s.rows.At(y), columns = s.columns.At(z);
        const int64_t at = IndexOf(s, out_h, out_w, {p.plane, y, z});
        if (!max)
          sum += d_out[at] * (T(1) / static_cast<T>(s.Count(rows, columns)));
        else if (IsFirst(s, rows, columns, p, out[at], x))
          sum += d_out[at];
      }
    dx[i] = sum;
  });
}

void Pool2dGrad(const CudaContext& context, const Attrs& attrs, const Tensor& x, const Tensor& out, const Tensor& d_out,
                Tensor& dx) {
  const PoolSizes sizes = PoolSizesOf(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    Backward(context, sizes, attrs.pooling_type == "max", x.data<T>(), out.data<T>(), d_out.data<T>(),
             dx.mutable_data<T>());
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("pool2d", Pool2d),
    RegisterKernel("pool2d_grad", Pool2dGrad),
};

}  // namespace
}  // namespace paddle
