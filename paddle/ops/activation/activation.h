#pragma once
// The activations as attributes of ops.

#include "paddle/math/activation.h"
#include "paddle/op/attributes.h"

namespace paddle {

// An activation without attributes as an op's attributes.
template <class F>
struct PlainActivation : F {
  static auto Fields() { return std::tuple{}; }
};

struct LeakyReluAttrs : math::LeakyRelu {
  static auto Fields() { return std::tuple{Field{"alpha", &LeakyReluAttrs::alpha, "Slope for negative X."}}; }
};

struct EluAttrs : math::Elu {
  static auto Fields() { return std::tuple{Field{"alpha", &EluAttrs::alpha, "Scale of the negative part."}}; }
};

struct SoftShrink : math::SoftShrink {
  static auto Fields() {
    return std::tuple{Field{"lambda", &SoftShrink::lambda, "Half the width of the zone that becomes 0."}};
  }
};
struct HardShrink : math::HardShrink {
  static auto Fields() {
    return std::tuple{Field{"threshold", &HardShrink::threshold, "Half the width of the zone that becomes 0."}};
  }
};
struct BoundedRelu : math::BoundedRelu {
  static auto Fields() {
    return std::tuple{Field{"t_min", &BoundedRelu::t_min, "Least value of Out."},
                      Field{"t_max", &BoundedRelu::t_max, "Largest value of Out."}};
  }
};
struct SoftRelu : math::SoftRelu {
  static auto Fields() {
    return std::tuple{Field{"threshold", &SoftRelu::threshold, "X is clipped to [-threshold, threshold] first."}};
  }
};
struct Selu : math::Selu {
  static auto Fields() {
    return std::tuple{Field{"scale", &Selu::scale, "Factor of the whole function."},
                      Field{"alpha", &Selu::alpha, "Scale of the negative part."}};
  }
};
struct Relu6 : math::Relu6 {
  static auto Fields() { return std::tuple{Field{"threshold", &Relu6::threshold, "Largest value of Out."}}; }
};
struct ScaledTanh : math::ScaledTanh {
  static auto Fields() {
    return std::tuple{Field{"scale_a", &ScaledTanh::scale_a, "Factor of X."},
                      Field{"scale_b", &ScaledTanh::scale_b, "Factor of the result."}};
  }
};
struct ThresholdedRelu : math::ThresholdedRelu {
  static auto Fields() {
    return std::tuple{Field{"threshold", &ThresholdedRelu::threshold, "X must be above it to pass."}};
  }
};
struct HardSigmoid : math::HardSigmoid {
  static auto Fields() {
    return std::tuple{Field{"slope", &HardSigmoid::slope, "Slope of the linear part."},
                      Field{"offset", &HardSigmoid::offset, "Value at X = 0."}};
  }
};
struct Swish : math::Swish {
  static auto Fields() { return std::tuple{Field{"beta", &Swish::beta, "Factor of X inside the sigmoid."}}; }
};
struct HardSwish : math::HardSwish {
  static auto Fields() {
    return std::tuple{Field{"threshold", &HardSwish::threshold, "Upper bound of X + offset."},
                      Field{"scale", &HardSwish::scale, "Divisor."},
                      Field{"offset", &HardSwish::offset, "Added to X before clipping."}};
  }
};
struct Gelu : math::Gelu {
  static auto Fields() {
    return std::tuple{Field{"approximate", &Gelu::approximate, "Whether the tanh approximation is used."}};
  }
};
struct Mish : math::Mish {
  static auto Fields() {
    return std::tuple{Field{"threshold", &Mish::threshold, "Softplus is linear above it and exp below its negative."}};
  }
};

template <class F>
constexpr bool kTakesIntegers =
    std::is_base_of_v<math::ExpFn, F> || std::is_base_of_v<math::AbsFn, F> || std::is_base_of_v<math::Square, F>;

template <class F, class Visit>
void VisitTypes(DType dtype, Visit&& visit) {
  if constexpr (kTakesIntegers<F>)
    VisitNumber(dtype, visit);
  else
    VisitFloat(dtype, visit);
}

}  // namespace paddle
