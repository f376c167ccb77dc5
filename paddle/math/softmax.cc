#include "paddle/math/softmax.h"

#include <algorithm>
#include <cmath>

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 4096;  // about 10 us of exponentials

template <class T>
void SoftmaxRow(const T* x, T* y, int64_t size, int64_t step, bool log) {
  T max = x[0], sum = 0;
  for (int64_t i = 1; i < size; ++i) max = std::max(max, x[i * step]);
  if (log) {
    for (int64_t i = 0; i < size; ++i) sum += std::exp(x[i * step] - max);
    const T shift = max + std::log(sum);
    for (int64_t i = 0; i < size; ++i) y[i * step] = x[i * step] - shift;
  } else {
    for (int64_t i = 0; i < size; ++i) sum += y[i * step] = std::exp(x[i * step] - max);
    const T scale = 1 / sum;
    for (int64_t i = 0; i < size; ++i) y[i * step] *= scale;
  }
}

}  // namespace

template <class T>
void Softmax(const AxisView& view, bool log, const T* x, T* y) {
  if (view.size == 0) return;
  ForEachLine(view, kElementsPerTask,
              [&](int64_t, int64_t at) { SoftmaxRow(x + at, y + at, view.size, view.inner, log); });
}

template <class T>
void SoftmaxGrad(const AxisView& view, bool log, const T* y, const T* dy, T* dx) {
  const int64_t size = view.size, step = view.inner;
  ForEachLine(view, kElementsPerTask, [&](int64_t, int64_t at) {
    const T *row = y + at, *d = dy + at;
    T sum = 0;
    for (int64_t i = 0; i < size; ++i) sum += log ? d[i * step] : row[i * step] * d[i * step];
    for (int64_t i = 0; i < size; ++i) {
      const T v = row[i * step];
      dx[at + i * step] = log ? d[i * step] - std::exp(v) * sum : v * (d[i * step] - sum);
    }
  });
}

template void Softmax<float>(const AxisView&, bool, const float*, float*);
template void Softmax<double>(const AxisView&, bool, const double*, double*);
template void SoftmaxGrad<float>(const AxisView&, bool, const float*, const float*, float*);
template void SoftmaxGrad<double>(const AxisView&, bool, const double*, const double*, double*);

}  // namespace paddle
