#pragma once
// Attributes of increment.

#include "paddle/op/attributes.h"

namespace paddle {

struct IncrementAttrs {
  float step = 1;
  static auto Fields() {
    return std::tuple{Field{"step", &IncrementAttrs::step, "What is added, converted to X's element type."}};
  }
};

}  // namespace paddle
