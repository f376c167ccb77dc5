#pragma once
// Attributes of pow.

#include "paddle/op/attributes.h"

namespace paddle {

struct PowAttrs {
  float factor = 1;
  static auto Fields() { return std::tuple{Field{"factor", &PowAttrs::factor, "The exponent."}}; }
};

}  // namespace paddle
