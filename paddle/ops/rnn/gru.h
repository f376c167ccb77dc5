#pragma once
// What the ops of GRU layers share: gru, and fused_mul_gru with its product.

#include "paddle/math/gru.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/float_types.h"
#include "paddle/op/op_def.h"
#include "paddle/ops/rnn/mixed.h"
#include "paddle/ops/rnn/recurrent.h"

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

// Checks the inputs of a layer over the sequences of `rows`; `wide`: the input with a column for each gate. Returns the
// number of units.
inline int64_t CheckGru(const GruAttrs& attrs, const InferContext& context, std::string_view rows,
                        std::string_view wide) {
  context.CheckDType(rows, kMixedFloats);
  context.CheckSameDType(rows, "Weight");
  CheckComputedDType(context, rows, "Bias");
  for (const auto slot : {rows, wide, std::string_view("Weight")}) context.CheckRank(slot, 2, 2);
  const Dims& weight = context.In("Weight").dims;
  const int64_t hidden = weight[0];
  ConfigOf(attrs, hidden);
  Require(hidden < 0 || SizesAgree(weight[1], 3 * hidden), "input Weight has shape ", weight, "; expected [", hidden,
          ", ", 3 * hidden, "]");
  CheckColumns(context, wide, hidden < 0 ? -1 : 3 * hidden, "as wide as Weight");
  if (context.Has("Bias")) {
    context.CheckRank("Bias", 2, 2);
    CheckDims(context, "Bias", {1, hidden < 0 ? -1 : 3 * hidden});
  }
  if (!context.building()) RequireLod(context, rows);
  CheckInitialState(context, rows, "H0", hidden);
  return hidden;
}

// Checks the states and their gradients in a gradient op.
inline void CheckGruStates(const InferContext& context, std::string_view rows, int64_t hidden) {
  for (const auto slot : {"Hidden", "Hidden@GRAD"}) {
    CheckDims(context, slot, {context.In(rows).dims[0], hidden});
    context.CheckSameDType(rows, slot);
  }
}

}  // namespace paddle
