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

template <class T>
void Softmax(const CudaContext& context, const AxisView& view, bool log, const T* x, T* y) {
  if (view.size == 0) return;
  ForEachTeam(context, view.outer * view.inner, [=] __device__(Team & team, int64_t row) {
    const int64_t step = view.inner, at = RowBegin(view, row);
    T max = x[at];
    for (int64_t i = team.rank(); i < view.size; i += team.size()) max = math::Max(max, x[at + i * step]);
    max = team.Fold(max, math::Maximum());
    T sum = 0;
    for (int64_t i = team.rank(); i < view.size; i += team.size()) sum += math::Exp(x[at + i * step] - max);
    sum = team.Fold(sum, math::Add());
    const T shift = max + math::Log(sum), scale = T(1) / sum;
    for (int64_t i = team.rank(); i < view.size; i += team.size()) {
      const T value = x[at + i * step];
      y[at + i * step] = log ? value - shift : math::Exp(value - max) * scale;
    }
  });
}

template <class T>
void SoftmaxGrad(const CudaContext& context, const AxisView& view, bool log, const T* y, const T* dy, T* dx) {
  ForEachTeam(context, view.outer * view.inner, [=] __device__(Team & team, int64_t row) {
    const int64_t step = view.inner, at = RowBegin(view, row);
    T sum = 0;
    for (int64_t i = team.rank(); i < view.size; i += team.size()) {
      const int64_t k = at + i * step;
      sum += log ? dy[k] : y[k] * dy[k];
    }
    sum = team.Fold(sum, math::Add());
    for (int64_t i = team.rank(); i < view.size; i += team.size()) {
      const int64_t k = at + i * step;
      const T value = y[k];
      dx[k] = log ? dy[k] - math::Exp(value) * sum : value * (dy[k] - sum);
    }
  });
}

}  // namespace paddle::cuda
