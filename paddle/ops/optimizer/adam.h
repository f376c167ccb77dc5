#pragma once
// Attributes and update of adam.

#include "paddle/math/functions.h"
#include "paddle/op/attributes.h"

namespace paddle {

struct AdamAttrs {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  bool lazy_mode = false;
  int64_t min_row_size_to_use_multithread = 1000;

  static auto Fields() {
    using A = AdamAttrs;
    return std::tuple{
        Field{"beta1", &A::beta1, "Decay of the first moment."},
        Field{"beta2", &A::beta2, "Decay of the second moment."},
        Field{"epsilon", &A::epsilon, "Added to the divisor."},
        Field{"lazy_mode", &A::lazy_mode, "With a sparse gradient: whether rows that it lacks stay as they are."},
        Field{"min_row_size_to_use_multithread", &A::min_row_size_to_use_multithread,
              "Has no influence: threads are always used."}};
  }
};

// The update of one element; `rate` is AdamRate's.
template <class T>
struct AdamStep {
  T beta1, beta2, epsilon, rate;

  constexpr void operator()(T g, T* param, T* moment1, T* moment2) const {
    const T m = beta1 * *moment1 + (1 - beta1) * g, v = beta2 * *moment2 + (1 - beta2) * g * g;
    *moment1 = m;
    *moment2 = v;
    *param -= rate * (m / (math::Sqrt(v) + epsilon));
  }
};

template <class T>
constexpr T AdamRate(T rate, T beta1_pow, T beta2_pow) {
  return rate * math::Sqrt(1 - beta2_pow) / (1 - beta1_pow);
}

}  // namespace paddle
