#pragma once
// What the ops of LSTM layers share: lstm, and fused_mul_lstm with its product.

#include "paddle/math/lstm.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/float_types.h"
#include "paddle/op/op_def.h"
#include "paddle/ops/rnn/mixed.h"
#include "paddle/ops/rnn/recurrent.h"

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

// Checks the inputs of a layer over the sequences of `rows`; `wide`: the input with a column for each gate. Returns the
// number of units.
inline int64_t CheckLstm(const LstmAttrs& attrs, const InferContext& context, std::string_view rows,
                         std::string_view wide) {
  context.CheckDType(rows, kMixedFloats);
  context.CheckSameDType(rows, "Weight");
  context.CheckSameDType(rows, "H0");
  CheckComputedDType(context, rows, "Bias");
  CheckComputedDType(context, rows, "C0");
  for (const auto slot : {rows, wide, std::string_view("Weight"), std::string_view("Bias")})
    context.CheckRank(slot, 2, 2);
  const Dims &weight = context.In("Weight").dims, &bias = context.In("Bias").dims;
  const int64_t hidden = weight[0];
  ConfigOf(attrs, hidden);
  Require(hidden < 0 || SizesAgree(weight[1], 4 * hidden), "input Weight has shape ", weight, "; expected [", hidden,
          ", ", 4 * hidden, "]: four gates side by side");
  CheckColumns(context, wide, hidden < 0 ? -1 : 4 * hidden, "as wide as Weight");
  const int64_t bias_size = (attrs.use_peepholes ? 7 : 4) * hidden;
  Require(SizesAgree(bias[0], 1) && (hidden < 0 || SizesAgree(bias[1], bias_size)), "input Bias has shape ", bias,
          "; expected [1, ", bias_size, "] ", attrs.use_peepholes ? "with" : "without", " peepholes");
  Require(context.Has("H0") == context.Has("C0"), "inputs H0 and C0 belong together: give both or none");
  CheckInitialShape(context, rows, "H0", hidden);
  CheckInitialShape(context, rows, "C0", hidden);
  if (!context.building()) RequireLod(context, rows);
  return hidden;
}

// Checks the states and their gradients in a gradient op.
inline void CheckLstmStates(const InferContext& context, std::string_view rows, int64_t hidden) {
  for (const auto slot : {"Hidden", "Cell", "Hidden@GRAD", "Cell@GRAD"}) {
    if (!context.Has(slot)) continue;
    CheckDims(context, slot, {context.In(rows).dims[0], hidden});
    if (std::string_view(slot).starts_with("Cell"))
      CheckComputedDType(context, rows, slot);
    else
      context.CheckSameDType(rows, slot);
  }
}

// Cell gets a gradient only where something after the op uses it.
inline void LstmGrad(const LstmAttrs&, GradContext& context) {
  OpDesc& op = context.EmitDefault();
  const auto& cell = context.Out("Cell");
  if (cell.empty() || !context.HasGrad(cell[0])) op.SetInput("Cell@GRAD", {});
}

}  // namespace paddle
