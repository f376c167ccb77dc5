#pragma once
// Normalised exponentials along one dimension.

#include "paddle/math/axis_view.h"

namespace paddle {

// y = exp(x) / sum(exp(x)), or its logarithm with `log`, along the middle dimension. x and y may be the same. T: float
// or double.
template <class T>
void Softmax(const AxisView& view, bool log, const T* x, T* y);

// Gradient of Softmax from its result y: dx = y (dy - sum(y dy)); with `log`: dx = dy - exp(y) sum(dy). dx may be dy or
// y.
template <class T>
void SoftmaxGrad(const AxisView& view, bool log, const T* y, const T* dy, T* dx);

// The same for one line, on this thread; its elements lie `step` apart. `max`: its largest element. Returns
// log(sum(exp(x - max))).
template <class T>
T SoftmaxLine(T max, const T* x, T* y, int64_t size, int64_t step);

// The largest of the line's elements, of which there is one at least.
template <class T>
T MaxOfLine(const T* x, int64_t size, int64_t step);

}  // namespace paddle
