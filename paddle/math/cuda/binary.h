#pragma once
// out = f(x, y) and its gradients over two tensors that broadcast, on the GPU.

#include "paddle/math/arithmetic.h"
#include "paddle/math/binary.h"
#include "paddle/math/cuda/reduce.h"

namespace paddle::cuda {

template <class F, class T, class R>
void RunBinary(const CudaContext& context, F f, const Dims& x_dims, const Dims& y_dims, int axis, const T* x,
               const T* y, R* out) {
  if (x_dims == y_dims) {
    ForEach(context, x_dims.numel(), [=] __device__(int64_t i) { out[i] = f(x[i], y[i]); });
    return;
  }
  const math::Broadcast b = math::MakeBroadcast(x_dims, y_dims, axis);
  ForEach(context, b.numel(), [=] __device__(int64_t i) {
    const Positions at = PositionsAt(b, i);
    out[at.out] = f(x[at.x], y[at.y]);
  });
}

// d = the sum of f(x, y, out, dout) over the axes along which the side's input was stretched. d may be dout's memory
// when it has dout's size.
template <class F, class T>
void RunBinaryGrad(const CudaContext& context, F f, math::Side side, const Dims& x_dims, const Dims& y_dims, int axis,
                   const T* x, const T* y, const T* out, const T* dout, T* d) {
  const math::Broadcast b = math::MakeBroadcast(x_dims, y_dims, axis);
  const int64_t numel = b.numel();
  if ((side == math::Side::kX ? x_dims : y_dims).numel() == numel) {
    ForEach(context, numel, [=] __device__(int64_t i) {
      const Positions at = PositionsAt(b, i);
      d[at.out] = f(x[at.x], y[at.y], out[at.out], dout[at.out]);
    });
    return;
  }
  const SplitNest nest = Split(b, side == math::Side::kX ? b.x_stride : b.y_stride);
  Reduce(
      context, nest.rows(), nest.columns(), T(0),
      [=] __device__(int64_t row, int64_t column) {
        const Positions at = PositionsAt(nest, row, column);
        return f(x[at.x], y[at.y], out[at.out], dout[at.out]);
      },
      math::Add(), [=] __device__(int64_t row, T sum) { d[row] = sum; });
}

// Reports the zeros of an integer divisor.
template <class T>
void ReportZeros(const CudaContext& context, const T* y, int64_t n, DeviceReport* report) {
  ForEach(context, n, [=] __device__(int64_t i) {
    if (y[i] == T(0)) Report(report, i, 0);
  });
}

}  // namespace paddle::cuda
