#pragma once
// Element functions over contiguous arrays: vectorised for float, on all threads when it pays. Input and output may be
// the same array.

#include <cstdint>
#include <type_traits>

#include "paddle/device/parallel.h"
#include "paddle/math/simd.h"

namespace paddle::math {

// Elements that are worth a thread of their own, for cheap functions (memory bound) and costly ones.
inline constexpr int64_t kCheapGrain = 32 * 1024;
inline constexpr int64_t kCostlyGrain = 8 * 1024;

// body() with the best instruction set for float, plainly for other types: their loops are not hot.
template <class T, class Body>
void RunLoop(Body body) {
  if constexpr (std::is_same_v<T, float>)
    RunSimd(body);
  else
    body();
}

// y[i] = f(x[i]) on this thread.
template <class F, class X, class Y>
void MapSerial(F f, const X* x, Y* y, int64_t n) {
  RunLoop<X>([=] {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
  });
}

// z[i] = f(x[i], y[i]) on this thread.
template <class F, class X, class Y, class Z>
void MapSerial(F f, const X* x, const Y* y, Z* z, int64_t n) {
  RunLoop<X>([=] {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) z[i] = f(x[i], y[i]);
  });
}

template <class F, class X, class Y>
void Map(F f, const X* x, Y* y, int64_t n, int64_t grain = kCheapGrain) {
  ParallelFor(n, grain, [=](int64_t begin, int64_t end) { MapSerial(f, x + begin, y + begin, end - begin); });
}

template <class F, class X, class Y, class Z>
void Map(F f, const X* x, const Y* y, Z* z, int64_t n, int64_t grain = kCheapGrain) {
  ParallelFor(n, grain,
              [=](int64_t begin, int64_t end) { MapSerial(f, x + begin, y + begin, z + begin, end - begin); });
}

}  // namespace paddle::math
