#pragma once
// Attributes and update of momentum.

#include "paddle/op/attributes.h"

namespace paddle {

struct MomentumAttrs {
  float mu = 0;
  bool use_nesterov = false;

  static auto Fields() {
    return std::tuple{
        Field{"mu", &MomentumAttrs::mu, "Momentum.", Presence::kRequired},
        Field{"use_nesterov", &MomentumAttrs::use_nesterov, "Whether to take Nesterov's step, which looks ahead."}};
  }
};

// The update of one element.
template <class T>
struct MomentumStep {
  T rate, mu;
  bool nesterov;

  constexpr void operator()(T g, T* param, T* velocity) const {
    const T v = mu * *velocity + g;
    *velocity = v;
    *param -= rate * (nesterov ? g + mu * v : v);
  }
};

}  // namespace paddle
