#include "paddle/math/softmax.h"

#include <algorithm>

#include "paddle/math/arithmetic.h"
#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/math/sum.h"
#include "paddle/math/sums.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 4096;  // about 10 us of exponentials

// Whether vectors pay for a line.
bool UsesVectors(int64_t size, int64_t step) { return step == 1 && size > 16; }

// sum(exp(x - max)); x stays as it is.
template <class T>
T SumOfExp(T max, const T* x, int64_t size, int64_t step) {
  T sum = 0;
  if (UsesVectors(size, step)) {
    constexpr int64_t kBlock = 512;
    T block[kBlock];
    for (int64_t begin = 0; begin < size; begin += kBlock) {
      const int64_t n = std::min(kBlock, size - begin);
      math::MapSerial([max](T v) { return math::Exp(v - max); }, x + begin, block, n);
      sum += math::SumSerial(block, n);
    }
  } else {
    for (int64_t i = 0; i < size; ++i) sum += math::Exp(x[i * step] - max);
  }
  return sum;
}

template <class T>
void LogSoftmaxLine(const T* x, T* y, int64_t size, int64_t step) {
  const T max = MaxOfLine(x, size, step);
  const T shift = max + math::Log(SumOfExp(max, x, size, step));
  for (int64_t i = 0; i < size; ++i) y[i * step] = x[i * step] - shift;
}

template <class T>
void SoftmaxGradLine(const T* y, const T* dy, T* dx, int64_t size, int64_t step) {
  T sum = 0;
  if (UsesVectors(size, step)) {
    math::RunLoop<T>([=, &sum] { sum = LaneSum<T>(size, [=](int64_t i) { return y[i] * dy[i]; }); });
    math::MapSerial([sum](T v, T d) { return v * (d - sum); }, y, dy, dx, size);
  } else {
    for (int64_t i = 0; i < size * step; i += step) sum += y[i] * dy[i];
    for (int64_t i = 0; i < size * step; i += step) dx[i] = y[i] * (dy[i] - sum);
  }
}

template <class T>
void LogSoftmaxGradLine(const T* y, const T* dy, T* dx, int64_t size, int64_t step) {
  T sum = 0;
  if (UsesVectors(size, step)) {
    sum = math::SumSerial(dy, size);
    math::MapSerial([sum](T v, T d) { return d - math::Exp(v) * sum; }, y, dy, dx, size);
  } else {
    for (int64_t i = 0; i < size * step; i += step) sum += dy[i];
    for (int64_t i = 0; i < size * step; i += step) dx[i] = dy[i] - math::Exp(y[i]) * sum;
  }
}

}  // namespace

template <class T>
T MaxOfLine(const T* x, int64_t size, int64_t step) {
  if (UsesVectors(size, step)) return math::FoldSerial(math::Maximum(), x, size, x[0]);
  T max = x[0];
  for (int64_t i = 1; i < size; ++i) max = math::Max(max, x[i * step]);
  return max;
}

template <class T>
T SoftmaxLine(T max, const T* x, T* y, int64_t size, int64_t step) {
  T sum = 0;
  if (UsesVectors(size, step)) {
    math::MapSerial([max](T v) { return math::Exp(v - max); }, x, y, size);
    sum = math::SumSerial(y, size);
    const T scale = 1 / sum;
    math::MapSerial([scale](T v) { return v * scale; }, y, y, size);
  } else {
    for (int64_t i = 0; i < size; ++i) sum += y[i * step] = math::Exp(x[i * step] - max);
    const T scale = 1 / sum;
    for (int64_t i = 0; i < size; ++i) y[i * step] *= scale;
  }
  return math::Log(sum);
}

template <class T>
void Softmax(const AxisView& view, bool log, const T* x, T* y) {
  if (view.size == 0) return;
  const int64_t size = view.size, step = view.inner;
  ForEachLine(view, kElementsPerTask, [&](int64_t, int64_t at) {
    if (log)
      LogSoftmaxLine(x + at, y + at, size, step);
    else
      SoftmaxLine(MaxOfLine(x + at, size, step), x + at, y + at, size, step);
  });
}

template <class T>
void SoftmaxGrad(const AxisView& view, bool log, const T* y, const T* dy, T* dx) {
  ForEachLine(view, kElementsPerTask, [&](int64_t, int64_t at) {
    if (log)
      LogSoftmaxGradLine(y + at, dy + at, dx + at, view.size, view.inner);
    else
      SoftmaxGradLine(y + at, dy + at, dx + at, view.size, view.inner);
  });
}

template void Softmax<float>(const AxisView&, bool, const float*, float*);
template void Softmax<double>(const AxisView&, bool, const double*, double*);
template void SoftmaxGrad<float>(const AxisView&, bool, const float*, const float*, float*);
template void SoftmaxGrad<double>(const AxisView&, bool, const double*, const double*, double*);
template float SoftmaxLine<float>(float, const float*, float*, int64_t, int64_t);
template double SoftmaxLine<double>(double, const double*, double*, int64_t, int64_t);
template float MaxOfLine<float>(const float*, int64_t, int64_t);
template double MaxOfLine<double>(const double*, int64_t, int64_t);

}  // namespace paddle
