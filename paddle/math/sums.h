#pragma once
// Sums in a fixed order that compilers turn into vector code.

#include <cstdint>

namespace paddle {

// Sum of f(i) over [0, n), in sixteen interleaved partial sums.
template <class T, class F>
T LaneSum(int64_t n, const F& f) {
  constexpr int kLanes = 16;
  T lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int k = 0; k < kLanes; ++k) lanes[k] += f(i + k);
  for (int k = 0; i < n; ++i, ++k) lanes[k] += f(i);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int k = 0; k < width; ++k) lanes[k] += lanes[k + width];
  return lanes[0];
}

}  // namespace paddle
