#pragma once
// Sums over contiguous arrays: vectorised, in an order that depends on the length only.

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "paddle/math/simd.h"

namespace paddle::math {

// Folds n elements into one with 16 partial results for the vector units. F: (T, T) -> T.
template <class F, class T>
T FoldSerial(F f, const T* x, int64_t n, T start) {
  T result = start;
  const auto loop = [=, &result] {
    constexpr int kLanes = 64 / sizeof(T) * 2;
    T lanes[kLanes];
    for (int k = 0; k < kLanes; ++k) lanes[k] = start;
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int k = 0; k < kLanes; ++k) lanes[k] = f(lanes[k], x[i + k]);
    for (int64_t k = 0; i + k < n; ++k) lanes[k] = f(lanes[k], x[i + k]);
    for (int width = kLanes / 2; width > 0; width /= 2)
      for (int k = 0; k < width; ++k) lanes[k] = f(lanes[k], lanes[k + width]);
    result = lanes[0];
  };
  if constexpr (std::is_same_v<T, float>)
    RunSimd(loop);
  else
    loop();
  return result;
}

// The sum of n elements; long arrays are summed in blocks, so that the error grows slowly.
template <class T>
T SumSerial(const T* x, int64_t n) {
  constexpr int64_t kBlock = 4096;
  const auto add = [](T a, T b) { return a + b; };
  if (n <= kBlock) return FoldSerial(add, x, n, T(0));
  const int64_t half = (n / 2 + kBlock - 1) / kBlock * kBlock;
  return SumSerial(x, half) + SumSerial(x + half, n - half);
}

// y[i] += x[i].
template <class T>
void AddTo(const T* x, T* y, int64_t n) {
  const auto loop = [=] {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) y[i] += x[i];
  };
  if constexpr (std::is_same_v<T, float>)
    RunSimd(loop);
  else
    loop();
}

}  // namespace paddle::math
