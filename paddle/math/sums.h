#pragma once
// Sums in a fixed order that compilers turn into vector code.

#include <algorithm>
#include <cstdint>

#include "paddle/device/parallel.h"
#include "paddle/math/map.h"

namespace paddle {

// Sum of f(i) over [0, n), in interleaved partial sums.
template <class T, int kLanes = 16, class F>
T LaneSum(int64_t n, const F& f) {
  T lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int k = 0; k < kLanes; ++k) lanes[k] += f(i + k);
  for (int k = 0; i < n; ++i, ++k) lanes[k] += f(i);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int k = 0; k < width; ++k) lanes[k] += lanes[k + width];
  return lanes[0];
}

// Sum of f(i) over [0, n) on all threads, in double, short blocks of it in T, so that the error grows slowly; the same
// bits on any number of threads.
template <class T, class F>
double ParallelSum(int64_t n, const F& f) {
  constexpr int64_t kParts = 64, kGrain = 1024, kBlock = 4096;
  double parts[kParts] = {};
  const int64_t used = n < kParts * kGrain ? (n + kGrain - 1) / kGrain : kParts;
  ParallelFor(used, 8, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t from = n * part / used, to = n * (part + 1) / used;
      math::RunLoop<T>([=, &f, sum = &parts[part]] {
        // Several vectors, so that additions do not wait for each other.
        constexpr int kLanes = sizeof(T) == 4 ? 64 : 16;
        for (int64_t at = from; at < to; at += kBlock)
          *sum += LaneSum<T, kLanes>(std::min(kBlock, to - at), [=, &f](int64_t i) { return f(at + i); });
      });
    }
  });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

}  // namespace paddle
