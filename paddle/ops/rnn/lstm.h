#pragma once
// Attributes of lstm.

#include "paddle/math/lstm.h"
#include "paddle/op/attributes.h"

namespace paddle {

struct LstmAttrs {
  bool use_peepholes = true;
  bool is_reverse = false;
  std::string gate_activation = "sigmoid";
  std::string cell_activation = "tanh";
  std::string candidate_activation = "tanh";

  static auto Fields() {
    using A = LstmAttrs;
    return std::tuple{
        Field{"use_peepholes", &A::use_peepholes,
              "Whether the gates see the cell: Bias holds three weights more for each unit."},
        Field{"is_reverse", &A::is_reverse,
              "Whether each sequence is read from its last row to its first. The rows of the outputs stay in place."},
        Field{"gate_activation", &A::gate_activation, "Of the three gates: sigmoid, tanh, relu or identity."},
        Field{"cell_activation", &A::cell_activation,
              "Of the cell on its way to Hidden: sigmoid, tanh, relu or identity."},
        Field{"candidate_activation", &A::candidate_activation,
              "Of the cell's candidate: sigmoid, tanh, relu or identity."}};
  }
};

inline LstmConfig ConfigOf(const LstmAttrs& attrs, int64_t hidden) {
  return {.hidden = hidden,
          .peepholes = attrs.use_peepholes,
          .reverse = attrs.is_reverse,
          .gate = ToGate(attrs.gate_activation, "gate_activation"),
          .cell = ToGate(attrs.cell_activation, "cell_activation"),
          .candidate = ToGate(attrs.candidate_activation, "candidate_activation")};
}

}  // namespace paddle
