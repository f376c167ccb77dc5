#pragma once
// The functions that recurrent cells put on their gates.

#include <string_view>

#include "paddle/base/errors.h"

namespace paddle {

enum class Gate { kSigmoid, kTanh, kRelu, kIdentity };

// Throws InvalidArgument unless `name`, the value of attribute `attr`, is one of the four.
inline Gate ToGate(std::string_view name, std::string_view attr) {
  if (name == "sigmoid") return Gate::kSigmoid;
  if (name == "tanh") return Gate::kTanh;
  if (name == "relu") return Gate::kRelu;
  if (name == "identity") return Gate::kIdentity;
  throw InvalidArgument(StrCat("attribute ", attr, " is '", name, "'; expected sigmoid, tanh, relu or identity"));
}

}  // namespace paddle
