#pragma once
// The p-norm of a sequence of numbers, piece by piece, and its slope.

#include <algorithm>
#include <cmath>
#include <limits>

#include "paddle/math/functions.h"

namespace paddle {

// p = 0 counts what is not zero, infinity takes the largest magnitude, -infinity the least.
template <class T>
class PowerNorm {
 public:
  explicit PowerNorm(float p) : p_(p) {}

  T Start() const { return p_ < 0 ? std::numeric_limits<T>::infinity() : T(0); }
  T Add(T sum, T x) const {
    const T a = math::Abs(x);
    if (std::isinf(p_)) return p_ > 0 ? std::max(sum, a) : std::min(sum, a);
    if (p_ == 0) return sum + static_cast<T>(x != T(0));
    if (p_ == 1) return sum + a;
    return sum + (p_ == 2 ? a * a : std::pow(a, T(p_)));
  }
  T Finish(T sum) const {
    if (p_ == 0 || p_ == 1 || std::isinf(p_)) return sum;
    return p_ == 2 ? std::sqrt(sum) : std::pow(sum, T(1) / T(p_));
  }

  // The derivative of the norm by x; 0 for x = 0. `epsilon` keeps the quotient finite.
  T Slope(T x, T norm, T epsilon = 0) const {
    if (p_ == 0 || x == T(0)) return T(0);
    if (std::isinf(p_)) return math::Abs(x) == norm ? math::Sign(x) : T(0);
    if (p_ == 1) return math::Sign(x);
    if (p_ == 2) return x / (norm + epsilon);
    return math::Sign(x) * std::pow(math::Abs(x), T(p_) - 1) / (std::pow(norm, T(p_) - 1) + epsilon);
  }

 private:
  float p_;
};

inline bool IsPowerNorm(float p) { return p >= 0 || p == -std::numeric_limits<float>::infinity(); }

}  // namespace paddle
