#pragma once
// The cross entropy of one line of logits with a class, and its gradient. The elements of a line lie `step` apart; `k`
// is the class, -1 for none, as ClassOf says it.

#include "paddle/math/map.h"
#include "paddle/math/softmax.h"

namespace paddle {

// -log(softmax(x)[k]) = (max - x[k]) + log(sum(exp(x - max))), in this order: the first difference is exact, however
// large x is. The logits may be overwritten by their softmax: what they are needed for comes first.
template <class T>
T HardLoss(int64_t k, const T* x, T* softmax, int64_t size, int64_t step) {
  const T max = MaxOfLine(x, size, step), difference = k < 0 ? T(0) : max - x[k * step];
  const T log_sum = SoftmaxLine(max, x, softmax, size, step);
  return k < 0 ? T(0) : difference + log_sum;
}

// The gradient of the logits, from their softmax and the gradient of the loss. `dx` may be `softmax`.
template <class T>
void HardLossGrad(int64_t k, T d_loss, const T* softmax, T* dx, int64_t size, int64_t step) {
  const T scale = k < 0 ? T(0) : d_loss;
  if (step == 1)
    math::MapSerial([scale](T v) { return scale * v; }, softmax, dx, size);
  else
    for (int64_t i = 0; i < size * step; i += step) dx[i] = scale * softmax[i];
  if (k >= 0) dx[k * step] -= scale;
}

}  // namespace paddle
