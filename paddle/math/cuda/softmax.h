#pragma once
// Normalised exponentials on the GPU: one team a row.

#include "paddle/math/arithmetic.h"
#include "paddle/math/cuda/launch.h"
#include "paddle/math/softmax.h"

namespace paddle::cuda {

// The first element of row `row` of the view; its elements lie `inner` apart.
constexpr int64_t RowBegin(const AxisView& view, int64_t row) {
  return row / view.inner * view.size * view.inner + row % view.inner;
}

// The softmax of the `size` > 0 elements of x that lie `step` apart, or its logarithm, by all members of the team.
template <class T>
__device__ void SoftmaxRow(Team& team, int64_t size, int64_t step, bool log, const T* x, T* y) {
  T max = x[0];
  for (int64_t i = team.rank(); i < size; i += team.size()) max = math::Max(max, x[i * step]);
  max = team.Fold(max, math::Maximum());
  T sum = 0;
  for (int64_t i = team.rank(); i < size; i += team.size()) sum += math::Exp(x[i * step] - max);
  sum = team.Fold(sum, math::Add());
  const T shift = max + math::Log(sum), scale = T(1) / sum;
  for (int64_t i = team.rank(); i < size; i += team.size()) {
    const T value = x[i * step];
    y[i * step] = log ? value - shift : math::Exp(value - max) * scale;
  }
}

template <class T>
__device__ void SoftmaxGradRow(Team& team, int64_t size, int64_t step, bool log, const T* y, const T* dy, T* dx) {
  T sum = 0;
  for (int64_t i = team.rank(); i < size; i += team.size()) {
    const int64_t k = i * step;
    sum += log ? dy[k] : y[k] * dy[k];
  }
  sum = team.Fold(sum, math::Add());
  for (int64_t i = team.rank(); i < size; i += team.size()) {
    const int64_t k = i * step;
    const T value = y[k];
    dx[k] = log ? dy[k] - math::Exp(value) * sum : value * (dy[k] - sum);
  }
}

template <class T>
void Softmax(const CudaContext& context, const AxisView& view, bool log, const T* x, T* y) {
  if (view.size == 0) return;
  ForEachTeam(context, view.outer * view.inner, [=] __device__(Team & team, int64_t row) {
    const int64_t at = RowBegin(view, row);
    SoftmaxRow(team, view.size, view.inner, log, x + at, y + at);
  });
}

template <class T>
void SoftmaxGrad(const CudaContext& context, const AxisView& view, bool log, const T* y, const T* dy, T* dx) {
  ForEachTeam(context, view.outer * view.inner, [=] __device__(Team & team, int64_t row) {
    const int64_t at = RowBegin(view, row);
    SoftmaxGradRow(team, view.size, view.inner, log, y + at, dy + at, dx + at);
  });
}

}  // namespace paddle::cuda
