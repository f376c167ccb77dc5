#pragma once
// Normalised exponentials along one dimension.

#include <cstdint>

#include "paddle/tensor/dims.h"

namespace paddle {

// A tensor seen as [outer, size, inner] around one of its dimensions.
struct AxisView {
  int64_t outer, size, inner;

  AxisView(const Dims& dims, int axis)
      : outer(dims.Product(0, axis)), size(dims[axis]), inner(dims.Product(axis + 1, dims.rank())) {}
};

// y = exp(x) / sum(exp(x)), or its logarithm with `log`, along the middle dimension. x and y may be the same. T: float
// or double.
template <class T>
void Softmax(const AxisView& view, bool log, const T* x, T* y);

// Gradient of Softmax from its result y: dx = y (dy - sum(y dy)); with `log`: dx = dy - exp(y) sum(dy). dx may be dy or
// y.
template <class T>
void SoftmaxGrad(const AxisView& view, bool log, const T* y, const T* dy, T* dx);

}  // namespace paddle
