#pragma once
// Mean and variance of runs of numbers, as the normalisation ops need them.

#include <cmath>

#include "paddle/math/sums.h"

namespace paddle {

// Elements r * stride + i for r in [0, count), i in [0, length): a group that lies in `count` runs.
struct Runs {
  int64_t count, length, stride;
  int64_t size() const { return count * length; }

  // Sum of f(r, i, element) over all of them.
  template <class T, class F>
  T Sum(const F& f) const {
    double sum = 0;
    for (int64_t r = 0; r < count; ++r) sum += LaneSum<T>(length, [&](int64_t i) { return f(r, i, r * stride + i); });
    return static_cast<T>(sum);
  }
  template <class F>
  void ForEach(const F& f) const {
    for (int64_t r = 0; r < count; ++r)
      for (int64_t i = 0; i < length; ++i) f(r, i, r * stride + i);
  }
};

template <class T>
struct Moments {
  T mean, variance;
};

template <class T>
Moments<T> MomentsOf(const Runs& runs, const T* x) {
  const T n = static_cast<T>(runs.size());
  const T mean = runs.Sum<T>([=](int64_t, int64_t, int64_t at) { return x[at]; }) / n;
  return {mean, runs.Sum<T>([=](int64_t, int64_t, int64_t at) { return (x[at] - mean) * (x[at] - mean); }) / n};
}

template <class T>
T InverseDeviation(T variance, float epsilon) {
  return 1 / std::sqrt(variance + static_cast<T>(epsilon));
}

}  // namespace paddle
