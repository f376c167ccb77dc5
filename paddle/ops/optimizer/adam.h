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

// The update of one element.
template <class T>
struct AdamStep {
  T beta1, beta2, epsilon, rate;

  // Sets the rate, corrected for moments that start at 0. Fluid 1.8.5 (and 2.6.2) advance the powers first when the
  // gradient is sparse and they are outputs; `advanced` does so too, for trained models depend on it.
  constexpr void Correct(T learning_rate, T beta1_pow, T beta2_pow, bool advanced) {
    rate =
        learning_rate * math::Sqrt(1 - beta2_pow * (advanced ? beta2 : 1)) / (1 - beta1_pow * (advanced ? beta1 : 1));
  }
  constexpr void operator()(T g, T* param, T* moment1, T* moment2) const {
    const T m = beta1 * *moment1 + (1 - beta1) * g, v = beta2 * *moment2 + (1 - beta2) * g * g;
    *moment1 = m;
    *moment2 = v;
    *param -= rate * (m / (math::Sqrt(v) + epsilon));
  }
};

}  // namespace paddle
