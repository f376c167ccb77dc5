// gru_unit: one step of gated recurrent units.
#include <algorithm>

#include "paddle/math/for_each.h"
#include "paddle/math/gate_map.h"
#include "paddle/math/gemm.h"
#include "paddle/math/sum.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace {

struct GruUnitAttrs {
  int activation = 2;
  int gate_activation = 1;
  bool origin_mode = false;

  static auto Fields() {
    using A = GruUnitAttrs;
    return std::tuple{Field{"activation", &A::activation, "Of the candidate: 0 identity, 1 sigmoid, 2 tanh, 3 relu."},
                      Field{"gate_activation", &A::gate_activation,
                            "Of the update and the reset gate: 0 identity, 1 sigmoid, 2 tanh, 3 relu."},
                      Field{"origin_mode", &A::origin_mode,
                            "Whether h = u h' + (1 - u) c, as in the paper, instead of h = (1 - u) h' + u c."}};
  }
};

Gate GateOf(int code, std::string_view attr) {
  constexpr Gate kGates[] = {Gate::kIdentity, Gate::kSigmoid, Gate::kTanh, Gate::kRelu};
  Require(code >= 0 && code < 4, "attribute ", attr, " is ", code,
          "; expected 0 (identity), 1 (sigmoid), 2 (tanh) or 3 (relu)");
  return kGates[code];
}

// Checks all inputs and returns [N, D].
Dims CheckInputs(const GruUnitAttrs& attrs, const InferContext& context) {
  GateOf(attrs.activation, "activation");
  GateOf(attrs.gate_activation, "gate_activation");
  context.CheckDType("Input", kFloats);
  for (const auto slot : {"HiddenPrev", "Weight", "Bias"}) {
    if (!context.Has(slot)) continue;
    context.CheckSameDType("Input", slot);
    context.CheckRank(slot, 2, 2);
  }
  context.CheckRank("Input", 2, 2);
  const Dims &input = context.In("Input").dims, &state = context.In("HiddenPrev").dims;
  const int64_t units = context.In("Weight").dims[0], width = units < 0 ? -1 : 3 * units;
  CheckDims(context, "Weight", {units, width});
  CheckDims(context, "Input", {state[0], width});
  CheckDims(context, "HiddenPrev", {input[0], units});
  if (context.Has("Bias")) CheckDims(context, "Bias", {1, width});
  return {input[0] < 0 ? state[0] : input[0], units < 0 ? state[1] : units};
}

void Infer(const GruUnitAttrs& attrs, InferContext& context) {
  const Dims state = CheckInputs(attrs, context);
  const DType dtype = context.In("Input").dtype;
  context.SetOut("Gate", {state[0], context.In("Input").dims[1]}, dtype);
  context.SetOut("ResetHiddenPrev", state, dtype);
  context.SetOut("Hidden", state, dtype);
}

void InferGrad(const GruUnitAttrs& attrs, InferContext& context) {
  const Dims state = CheckInputs(attrs, context);
  CheckDims(context, "Gate", context.In("Input").dims);
  for (const auto slot : {"Hidden@GRAD", "ResetHiddenPrev"}) CheckDims(context, slot, state);
  for (const auto slot : {"Gate", "Hidden@GRAD", "ResetHiddenPrev"}) context.CheckSameDType("Input", slot);
  for (const auto slot : {"Bias", "HiddenPrev", "Input", "Weight"})
    if (context.Has(slot)) context.SetOut(StrCat(slot, kGradSuffix), context.In(slot).dims, context.In(slot).dtype);
}

// The sizes of one call. Weight is two matrices one behind the other: [D, 2 D] for both gates, [D, D] for the
// candidate.
struct Cell {
  int64_t rows, units;
  Gate gate, candidate;
  bool origin_mode;

  Cell(const GruUnitAttrs& attrs, int64_t rows, int64_t units)
      : rows(rows),
        units(units),
        gate(GateOf(attrs.gate_activation, "gate_activation")),
        candidate(GateOf(attrs.activation, "activation")),
        origin_mode(attrs.origin_mode) {}

  int64_t candidate_weight() const { return 2 * units * units; }
  template <class F>
  void ForEachRow(const F& f) const {
    ForEachIndex(rows, std::max<int64_t>(1, math::kCostlyGrain / (3 * std::max<int64_t>(units, 1))), f);
  }
};

// gates = u, r, c; reset = r h'; hidden = the new state.
template <class T>
void Step(const Cell& cell, const T* input, const T* before, const T* weight, const T* bias, T* gates, T* reset,
          T* hidden) {
  const int64_t d = cell.units;
  cell.ForEachRow([=](int64_t row) {
    std::copy(input + row * 3 * d, input + (row + 1) * 3 * d, gates + row * 3 * d);
    if (bias) math::AddTo(bias, gates + row * 3 * d, 3 * d);
  });
  Gemm<T>({.m = cell.rows, .n = 2 * d, .k = d, .ldc = 3 * d}, T{1}, before, weight, T{1}, gates);
  cell.ForEachRow([=, &cell](int64_t row) {
    T* gate = gates + row * 3 * d;
    ApplyGate(cell.gate, gate, 2 * d);
    math::MapSerial([](T r, T h) { return r * h; }, gate + d, before + row * d, reset + row * d, d);
  });
  Gemm<T>({.m = cell.rows, .n = d, .k = d, .ldc = 3 * d}, T{1}, reset, weight + cell.candidate_weight(), T{1},
          gates + 2 * d);
  cell.ForEachRow([=, &cell](int64_t row) {
    T *u = gates + row * 3 * d, *c = u + 2 * d, *h = hidden + row * d;
    const T* b = before + row * d;
    ApplyGate(cell.candidate, c, d);
    const T* kept = cell.origin_mode ? b : c;  // what an update gate of 1 gives
    const T* other = cell.origin_mode ? c : b;
    math::RunLoop<T>([=] {
#pragma GCC ivdep
      for (int64_t i = 0; i < d; ++i) h[i] = u[i] * kept[i] + (T(1) - u[i]) * other[i];
    });
  });
}

void GruUnit(const CpuContext&, const GruUnitAttrs& attrs, const Tensor& input, const Tensor& before,
             const Tensor& weight, const Tensor* bias, Tensor& gates, Tensor& reset, Tensor& hidden) {
  VisitFloat(input.dtype(), [&]<class T>() {
    Step<T>(Cell(attrs, before.dim(0), before.dim(1)), input.data<T>(), before.data<T>(), weight.data<T>(),
            DataOf<T>(bias), gates.mutable_data<T>(), reset.mutable_data<T>(), hidden.mutable_data<T>());
  });
}

// The gradient kernel's scratch: the gradients of r h', and of h' and the gates' sums where nobody asked for them.
Scratched PrepareGrad(const CpuContext&, const GruUnitAttrs&, const OpMetas& metas) {
  const TensorMeta& before = metas.In("HiddenPrev");
  return {static_cast<size_t>(before.dims.numel()) * 5 * SizeOf(before.dtype)};
}

template <class T>
struct StepGrad {
  const T *before, *weight, *gates, *reset, *hidden_grad;
  T *sums_grad, *reset_grad, *before_grad;

  void Run(const Cell& cell) const {
    const int64_t d = cell.units;
    cell.ForEachRow([=, *this, &cell](int64_t row) { Hidden(cell, row); });
    Gemm<T>({.m = cell.rows, .n = d, .k = d, .trans_b = true, .lda = 3 * d}, T{1}, sums_grad + 2 * d,
            weight + cell.candidate_weight(), T{0}, reset_grad);
    cell.ForEachRow([=, *this, &cell](int64_t row) { Reset(cell, row); });
    Gemm<T>({.m = cell.rows, .n = d, .k = 2 * d, .trans_b = true, .lda = 3 * d}, T{1}, sums_grad, weight, T{1},
            before_grad);
  }

  // From the new state's gradient to those of u and c, and the part of h' that does not go through a gate.
  void Hidden(const Cell& cell, int64_t row) const {
    const int64_t d = cell.units;
    const T *u = gates + row * 3 * d, *c = u + 2 * d, *b = before + row * d, *dh = hidden_grad + row * d;
    T *du = sums_grad + row * 3 * d, *dc = du + 2 * d, *db = before_grad + row * d;
    const T sign = cell.origin_mode ? T(-1) : T(1);
    const bool origin = cell.origin_mode;
    math::RunLoop<T>([=] {
#pragma GCC ivdep
      for (int64_t i = 0; i < d; ++i) {
        const T share = origin ? T(1) - u[i] : u[i];  // of c in the new state
        du[i] = sign * dh[i] * (c[i] - b[i]);
        dc[i] = dh[i] * share;
        db[i] = dh[i] * (T(1) - share);
      }
    });
    ApplyGateGrad(cell.gate, u, du, d);
    ApplyGateGrad(cell.candidate, c, dc, d);
  }

  void Reset(const Cell& cell, int64_t row) const {
    const int64_t d = cell.units;
    const T *r = gates + row * 3 * d + d, *b = before + row * d, *dreset = reset_grad + row * d;
    T *dr = sums_grad + row * 3 * d + d, *db = before_grad + row * d;
    math::RunLoop<T>([=] {
#pragma GCC ivdep
      for (int64_t i = 0; i < d; ++i) {
        dr[i] = dreset[i] * b[i];
        db[i] += dreset[i] * r[i];
      }
    });
    ApplyGateGrad(cell.gate, r, dr, d);
  }
};

void GruUnitGrad(const CpuContext&, const GruUnitAttrs& attrs, Scratched&, Scratch scratch, const Tensor*,
                 const Tensor& gates, const Tensor& d_hidden, const Tensor& before, const Tensor&, const Tensor& reset,
                 const Tensor& weight, Tensor* d_bias, Tensor* d_before, Tensor* d_input, Tensor* d_weight) {
  const Cell cell(attrs, before.dim(0), before.dim(1));
  const int64_t d = cell.units;
  VisitFloat(gates.dtype(), [&]<class T>() {
    T* free = reinterpret_cast<T*>(scratch.data);
    T* sums = d_input ? d_input->mutable_data<T>() : free + 2 * cell.rows * d;
    StepGrad<T>{.before = before.data<T>(),
                .weight = weight.data<T>(),
                .gates = gates.data<T>(),
                .reset = reset.data<T>(),
                .hidden_grad = d_hidden.data<T>(),
                .sums_grad = sums,
                .reset_grad = free,
                .before_grad = d_before ? d_before->mutable_data<T>() : free + cell.rows * d}
        .Run(cell);
    if (d_weight) {
      T* to = d_weight->mutable_data<T>();
      Gemm<T>({.m = d, .n = 2 * d, .k = cell.rows, .trans_a = true, .ldb = 3 * d}, T{1}, before.data<T>(), sums, T{0},
              to);
      Gemm<T>({.m = d, .n = d, .k = cell.rows, .trans_a = true, .ldb = 3 * d}, T{1}, reset.data<T>(), sums + 2 * d,
              T{0}, to + cell.candidate_weight());
    }
    if (!d_bias) return;
    T* to = d_bias->mutable_data<T>();
    std::fill(to, to + 3 * d, T{0});
    for (int64_t row = 0; row < cell.rows; ++row) math::AddTo(sums + row * 3 * d, to, 3 * d);
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<GruUnitAttrs>(
        {.name = "gru_unit",
         .doc = "One step of gated recurrent units: u = gate(x_u + h' W_u + b_u), r = gate(x_r + h' W_r + b_r), c = "
                "activation(x_c + (r h') W_c + b_c), h = (1 - u) h' + u c. Cho et al. 2014.",
         .inputs = {{"Input", "[N, 3 D]: what the input adds to u, r, c."},
                    {"HiddenPrev", "[N, D]: h', the state before the step."},
                    {"Weight",
                     "[D, 3 D], read as two matrices one behind the other: [D, 2 D], W_u and W_r side by side, and [D, "
                     "D], W_c."},
                    {"Bias", "[1, 3 D]: b_u, b_r, b_c; zero if absent.", kOptional}},
         .outputs = {{"Gate", "[N, 3 D] u, r, c.", kIntermediate},
                     {"ResetHiddenPrev", "[N, D] r h'.", kIntermediate},
                     {"Hidden", "[N, D] h."}},
         .infer = Infer}),
    RegisterKernel("gru_unit", GruUnit),
    RegisterOp<GruUnitAttrs>({.name = "gru_unit_grad",
                              .doc = "Gradient of gru_unit.",
                              .inputs = {{"Bias", "Of the forward op.", kOptional | kMetaOnly},
                                         {"Gate", "Of the forward op."},
                                         {"Hidden@GRAD", "Gradient of Hidden."},
                                         {"HiddenPrev", "Of the forward op."},
                                         {"Input", "Of the forward op.", kMetaOnly},
                                         {"ResetHiddenPrev", "Of the forward op."},
                                         {"Weight", "Of the forward op."}},
                              .outputs = {{"Bias@GRAD", "Gradient of Bias.", kOptional},
                                          {"HiddenPrev@GRAD", "Gradient of HiddenPrev.", kOptional},
                                          {"Input@GRAD", "Gradient of Input.", kOptional},
                                          {"Weight@GRAD", "Gradient of Weight.", kOptional}},
                              .infer = InferGrad}),
    RegisterKernel("gru_unit_grad", PrepareGrad, GruUnitGrad),
};

}  // namespace
}  // namespace paddle
