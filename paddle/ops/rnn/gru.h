#pragma once
// Attributes of gru.

#include "paddle/math/gru.h"
#include "paddle/op/attributes.h"

namespace paddle {

struct GruAttrs {
  std::string activation = "tanh";
  std::string gate_activation = "sigmoid";
  bool is_reverse = false;
  bool origin_mode = false;

  static auto Fields() {
    using A = GruAttrs;
    return std::tuple{
        Field{"activation", &A::activation, "Of the candidate: sigmoid, tanh, relu or identity."},
        Field{"gate_activation", &A::gate_activation,
              "Of the update and the reset gate: sigmoid, tanh, relu or identity."},
        Field{"is_reverse", &A::is_reverse,
              "Whether each sequence is read from its last row to its first. The rows of Hidden stay in place."},
        Field{"origin_mode", &A::origin_mode,
              "Whether h = u h' + (1 - u) c, as in the paper, instead of h = (1 - u) h' + u c."}};
  }
};

inline GruConfig ConfigOf(const GruAttrs& attrs, int64_t hidden) {
  return {.hidden = hidden,
          .reverse = attrs.is_reverse,
          .origin_mode = attrs.origin_mode,
          .gate = ToGate(attrs.gate_activation, "gate_activation"),
          .candidate = ToGate(attrs.activation, "activation")};
}

}  // namespace paddle
