#pragma once
// Attributes of scale.

#include "paddle/op/attributes.h"

namespace paddle {

struct ScaleAttrs {
  float scale = 1;
  float bias = 0;
  bool bias_after_scale = true;
  static auto Fields() {
    return std::tuple{Field{"scale", &ScaleAttrs::scale, "Factor."}, Field{"bias", &ScaleAttrs::bias, "Summand."},
                      Field{"bias_after_scale", &ScaleAttrs::bias_after_scale,
                            "Whether the summand is added after the product, else before."}};
  }
};

}  // namespace paddle
