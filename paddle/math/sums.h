#pragma once
// Sums in a fixed order that compilers turn into vector code.

#include <cstdint>

#include "paddle/device/parallel.h"

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

// Sum of f(i) over [0, n) on all threads, in double; the same bits on any number of threads.
template <class T, class F>
double ParallelSum(int64_t n, const F& f) {
  constexpr int64_t kParts = 64, kGrain = 1024;
  double parts[kParts] = {};
  const int64_t used = n < kParts * kGrain ? (n + kGrain - 1) / kGrain : kParts;
  ParallelFor(used, 8, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t from = n * part / used, to = n * (part + 1) / used;
      parts[part] = LaneSum<T>(to - from, [&](int64_t i) { return f(from + i); });
    }
  });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

}  // namespace paddle
