#pragma once
// Loops over elements on all threads.

#include "paddle/device/parallel.h"

namespace paddle {

// Calls f(i) for every i of [0, n); `grain`: so many calls take about 10 us.
template <class F>
void ForEachIndex(int64_t n, int64_t grain, const F& f) {
  ParallelFor(n, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

}  // namespace paddle
