#include "paddle/math/binary.h"

#include <vector>

#include "paddle/math/sum.h"

namespace paddle::math {

void RunBinary(const BinaryRows& rows, const Dims& x_dims, const Dims& y_dims, int axis, const void* x, const void* y,
               void* out) {
  const auto* px = static_cast<const std::byte*>(x);
  const auto* py = static_cast<const std::byte*>(y);
  auto* pout = static_cast<std::byte*>(out);
  const size_t in = rows.in_size, result = rows.out_size;
  if (x_dims == y_dims) {
    return ParallelFor(x_dims.numel(), kCheapGrain, [&](int64_t begin, int64_t end) {
      rows.both(px + begin * in, py + begin * in, pout + begin * result, end - begin);
    });
  }
  const Broadcast b = MakeBroadcast(x_dims, y_dims, axis);
  const int last = b.rank - 1;
  const auto row = b.x_stride[last] == 0 ? rows.x_one : b.y_stride[last] == 0 ? rows.y_one : rows.both;
  ParallelFor(b.numel(), kCheapGrain, [&](int64_t begin, int64_t end) {
    WalkRows(b, begin, end,
             [&](int64_t o, int64_t i, int64_t j, int64_t n) { row(px + i * in, py + j * in, pout + o * result, n); });
  });
}

namespace {

constexpr int64_t kTile = 512;

template <class T>
struct GradJob {
  using C = Computed<T>;

  const GradRows<T>& rows;
  const T *x, *y, *out, *dout;
  typename GradRows<T>::Fn row;

  // Values of n elements in the innermost axis: computed into `tile` (room for n), or, where the gradient is dout, in
  // place.
  const C* Values(int64_t o, int64_t i, int64_t j, int64_t n, C* tile) const {
    if constexpr (std::is_same_v<T, C>) {
      if (!row) return dout + o;
      row(x ? x + i : nullptr, y ? y + j : nullptr, out ? out + o : nullptr, dout + o, tile, n);
    } else {
      std::copy_n(dout + o, n, tile);
    }
    return tile;
  }

  // The same into a row of the result, of the type it is kept in.
  void Fill(int64_t o, int64_t i, int64_t j, int64_t n, T* d) const {
    const T* values = dout + o;
    if constexpr (std::is_same_v<T, C>) values = Values(o, i, j, n, d);
    if (values != d) std::copy_n(values, n, d);
  }
};

// The input was stretched along the outermost of two axes: d[j] = the sum over rows of values[row][j]. Rows are added
// up in groups first, so that rounding errors grow with the number of groups.
template <class T>
void SumRows(const GradJob<T>& job, const Broadcast& b, int64_t begin, int64_t end, Computed<T>* d) {
  using C = Computed<T>;
  constexpr int64_t kGroup = 64;
  C tile[kTile], group[kTile];
  for (int64_t j = begin; j < end; j += kTile) {
    const int64_t n = std::min(kTile, end - j);
    std::fill_n(d + j, n, C(0));
    for (int64_t from = 0; from < b.size[0]; from += kGroup) {
      std::fill_n(group, n, C(0));
      for (int64_t r = from; r < std::min(from + kGroup, b.size[0]); ++r) {
        AddTo(job.Values(r * b.out_stride[0] + j, r * b.x_stride[0] + j * b.x_stride[1],
                         r * b.y_stride[0] + j * b.y_stride[1], n, tile),
              group, n);
      }
      AddTo(group, d + j, n);
    }
  }
}

// Everything becomes one number: partial sums of fixed blocks.
template <class T>
Computed<T> SumAll(const GradJob<T>& job, const Broadcast& b) {
  const int64_t numel = b.numel();
  constexpr int64_t kParts = 64;
  Computed<T> parts[kParts] = {};
  ParallelFor(kParts, std::max<int64_t>(1, kParts * kCheapGrain / std::max<int64_t>(numel, 1)),
              [&](int64_t first, int64_t after) {
                for (int64_t part = first; part < after; ++part) {
                  WalkRows(b, numel * part / kParts, numel * (part + 1) / kParts,
                           [&](int64_t o, int64_t i, int64_t j, int64_t n) {
                             Computed<T> tile[kTile];
                             for (int64_t k = 0; k < n; k += kTile) {
                               const int64_t count = std::min(kTile, n - k);
                               const int last = b.rank - 1;
                               parts[part] += SumSerial(
                                   job.Values(o + k, i + k * b.x_stride[last], j + k * b.y_stride[last], count, tile),
                                   count);
                             }
                           });
                }
              });
  return SumSerial(parts, kParts);
}

// The general case for the part of the loop nest that `b` is; positions are relative to its first element.
template <class T>
void Accumulate(const GradJob<T>& job, const Broadcast& b, const int64_t* d_stride, bool d_is_x, int64_t o0, int64_t i0,
                int64_t j0, Computed<T>* d) {
  const int last = b.rank - 1;
  WalkRows(b, 0, b.numel(), [&](int64_t o, int64_t i, int64_t j, int64_t n) {
    Computed<T> tile[kTile];
    for (int64_t k = 0; k < n; k += kTile) {
      const int64_t count = std::min(kTile, n - k);
      const int64_t xi = i0 + i + k * b.x_stride[last], yj = j0 + j + k * b.y_stride[last];
      const Computed<T>* values = job.Values(o0 + o + k, xi, yj, count, tile);
      Computed<T>* target = d + (d_is_x ? xi : yj);
      if (d_stride[last])
        AddTo(values, target, count);
      else
        *target += SumSerial(values, count);
    }
  });
}

// The axis along which d moves that has most elements: the work is split there, so no two threads write the same
// element.
int SplitAxis(const Broadcast& b, const int64_t* d_stride) {
  int axis = -1;
  for (int i = 0; i < b.rank; ++i)
    if (d_stride[i] && (axis < 0 || b.size[i] > b.size[axis])) axis = i;
  return axis;
}

// d of fewer elements than dout.
template <class T>
void SumGrad(const GradJob<T>& job, const Broadcast& b, bool is_x, int64_t d_numel, Computed<T>* d) {
  const int64_t* d_stride = is_x ? b.x_stride : b.y_stride;
  const int split = SplitAxis(b, d_stride);
  if (split < 0) {
    *d = SumAll(job, b);
    return;
  }
  const int64_t grain = std::max<int64_t>(1, kCheapGrain * b.size[split] / std::max<int64_t>(b.numel(), 1));
  if (b.rank == 2 && d_stride[0] == 0)
    return ParallelFor(b.size[1], std::max<int64_t>(grain, 16),
                       [&](int64_t begin, int64_t end) { SumRows(job, b, begin, end, d); });
  std::fill_n(d, d_numel, Computed<T>(0));
  ParallelFor(b.size[split], grain, [&](int64_t begin, int64_t end) {
    Broadcast part = b;
    part.size[split] = end - begin;
    Accumulate(job, part, d_stride, is_x, begin * b.out_stride[split], begin * b.x_stride[split],
               begin * b.y_stride[split], d);
  });
}

}  // namespace

template <class T>
void RunBinaryGrad(const GradRows<T>& rows, Side side, const Dims& x_dims, const Dims& y_dims, int axis, const T* x,
                   const T* y, const T* out, const T* dout, T* d) {
  GradJob<T> job{rows, x, y, out, dout, rows.both};
  const bool is_x = side == Side::kX;
  const int64_t d_numel = (is_x ? x_dims : y_dims).numel();
  if (x_dims == y_dims) {
    return ParallelFor(x_dims.numel(), kCheapGrain,
                       [&](int64_t begin, int64_t end) { job.Fill(begin, begin, begin, end - begin, d + begin); });
  }
  const Broadcast b = MakeBroadcast(x_dims, y_dims, axis);
  const int last = b.rank - 1;
  job.row = b.x_stride[last] == 0 ? rows.x_one : b.y_stride[last] == 0 ? rows.y_one : rows.both;
  if (d_numel == b.numel()) {
    return ParallelFor(d_numel, kCheapGrain, [&](int64_t begin, int64_t end) {
      WalkRows(b, begin, end, [&](int64_t o, int64_t i, int64_t j, int64_t n) { job.Fill(o, i, j, n, d + o); });
    });
  }
  if constexpr (std::is_same_v<T, Computed<T>>) {
    SumGrad(job, b, is_x, d_numel, d);
  } else {
    std::vector<Computed<T>> sums(static_cast<size_t>(d_numel));
    SumGrad(job, b, is_x, d_numel, sums.data());
    std::transform(sums.begin(), sums.end(), d, Kept<T>);
  }
}

template void RunBinaryGrad(const GradRows<float>&, Side, const Dims&, const Dims&, int, const float*, const float*,
                            const float*, const float*, float*);
template void RunBinaryGrad(const GradRows<double>&, Side, const Dims&, const Dims&, int, const double*, const double*,
                            const double*, const double*, double*);
template void RunBinaryGrad(const GradRows<BFloat16>&, Side, const Dims&, const Dims&, int, const BFloat16*,
                            const BFloat16*, const BFloat16*, const BFloat16*, BFloat16*);
template void RunBinaryGrad(const GradRows<int32_t>&, Side, const Dims&, const Dims&, int, const int32_t*,
                            const int32_t*, const int32_t*, const int32_t*, int32_t*);
template void RunBinaryGrad(const GradRows<int64_t>&, Side, const Dims&, const Dims&, int, const int64_t*,
                            const int64_t*, const int64_t*, const int64_t*, int64_t*);

}  // namespace paddle::math
