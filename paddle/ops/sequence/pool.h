#pragma once
// How the rows of a sequence become one: what the ops that pool share.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "paddle/math/bfloat16.h"

namespace paddle {

enum class Pool { kAverage, kSum, kSqrt, kMax, kLast, kFirst };

// What the sum of a sequence's rows is multiplied by.
constexpr double SumFactor(Pool pool, int64_t length) {
  if (pool == Pool::kAverage) return 1 / static_cast<double>(length);
  if (pool == Pool::kSqrt) return 1 / std::sqrt(static_cast<double>(length));
  return 1;
}

// The sum of the rows [begin, end), one at least, times `factor`.
template <class T>
void PoolSum(const T* x, int64_t begin, int64_t end, int64_t width, Computed<T> factor, T* out) {
  if constexpr (!std::is_same_v<T, Computed<T>>) {  // sums of some columns at a time, rounded at the end
    constexpr int64_t kTile = 256;
    for (int64_t j = 0; j < width; j += kTile) {
      const int64_t n = std::min(kTile, width - j);
      Computed<T> sums[kTile] = {};
      for (int64_t row = begin; row < end; ++row)
        for (int64_t k = 0; k < n; ++k) sums[k] += x[row * width + j + k];
      for (int64_t k = 0; k < n; ++k) out[j + k] = Kept<T>(sums[k] * factor);
    }
  } else {
    std::copy(x + begin * width, x + (begin + 1) * width, out);
    for (int64_t row = begin + 1; row < end; ++row)
      for (int64_t j = 0; j < width; ++j) out[j] += x[row * width + j];
    if (factor != 1)
      for (int64_t j = 0; j < width; ++j) out[j] *= factor;
  }
}

}  // namespace paddle
