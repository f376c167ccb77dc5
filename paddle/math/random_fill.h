#pragma once
// Arrays of random numbers.

#include <algorithm>
#include <cstdint>

#include "paddle/device/parallel.h"
#include "paddle/math/map.h"
#include "paddle/math/random.h"

namespace paddle::math {

// y[i] = f(element i of the stream that block(k) makes up). Element i depends on i only, not on the ranges of threads.
template <class T, class Block, class F>
void FillFromBlocks(T* y, int64_t n, Block block, F f) {
  constexpr int kCount = kPerBlock<T>;
  ParallelFor((n + kCount - 1) / kCount, kCostlyGrain / kCount, [=](int64_t begin, int64_t end) {
    const int64_t whole = std::min(end, n / kCount);
    RunLoop<T>([=] {
      for (int64_t k = begin; k < whole; ++k) {
        const auto values = block(static_cast<uint64_t>(k));
        for (int j = 0; j < kCount; ++j) y[k * kCount + j] = f(values[j]);
      }
    });
    if (whole == end) return;
    const auto values = block(static_cast<uint64_t>(whole));
    for (int64_t i = whole * kCount; i < n; ++i) y[i] = f(values[i - whole * kCount]);
  });
}

// Numbers in [low, high).
template <class T>
void FillUniform(T* y, int64_t n, const Philox& philox, T low, T high) {
  FillFromBlocks(
      y, n, [=](uint64_t k) { return UniformBlock<T>(philox, k); },
      [=](T u) {
        const T v = low + (high - low) * u;
        return Select(v < high, v, low);  // rounding may have reached `high`
      });
}

template <class T>
void FillNormal(T* y, int64_t n, const Philox& philox, T mean, T deviation) {
  FillFromBlocks(
      y, n, [=](uint64_t k) { return NormalBlock<T>(philox, k); }, [=](T z) { return mean + deviation * z; });
}

template <class T>
void FillTruncatedNormal(T* y, int64_t n, const Philox& philox, T mean, T deviation) {
  FillFromBlocks(
      y, n, [=](uint64_t k) { return UniformBlock<T>(philox, k); },
      [=](T u) { return mean + deviation * TruncatedNormal(u); });
}

}  // namespace paddle::math
