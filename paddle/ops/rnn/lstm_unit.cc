// lstm_unit: one step of long short-term memory, given the sums in its gates.
#include <algorithm>

#include "paddle/math/for_each.h"
#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct LstmUnitAttrs {
  float forget_bias = 0;
  static auto Fields() {
    return std::tuple{Field{"forget_bias", &LstmUnitAttrs::forget_bias, "Added to what the forget gate gets."}};
  }
};

// Throws unless X is [N, 4 D] and C_prev [N, D]; returns [N, D].
Dims CheckInputs(const InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "C_prev");
  context.CheckRank("X", 2, 2);
  context.CheckRank("C_prev", 2, 2);
  const Dims &x = context.In("X").dims, &cell = context.In("C_prev").dims;
  Require(SizesAgree(x[0], cell[0]) && (x[1] < 0 || cell[1] < 0 || (x[1] % 4 == 0 && x[1] / 4 == cell[1])),
          "X has shape ", x, " and C_prev ", cell, "; expected [N, 4 D] and [N, D]");
  return {x[0] < 0 ? cell[0] : x[0], cell[1] < 0 && x[1] >= 0 ? x[1] / 4 : cell[1]};
}

void Infer(const LstmUnitAttrs&, InferContext& context) {
  const Dims dims = CheckInputs(context);
  for (const auto slot : {"C", "H"}) context.SetOut(slot, dims, context.In("X").dtype);
}

void InferGrad(const LstmUnitAttrs&, InferContext& context) {
  const Dims dims = CheckInputs(context);
  for (const auto slot : {"C", "C@GRAD", "H@GRAD"}) {
    CheckDims(context, slot, dims);
    context.CheckSameDType("X", slot);
  }
  context.CopyMeta("C_prev", "C_prev@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

// The gates of one unit of D, whose first sum is at `x`.
template <class T>
struct Gates {
  Gates(const T* x, int64_t units, T forget_bias)
      : in(math::Sigmoid(x[0])),
        forget(math::Sigmoid(x[units] + forget_bias)),
        out(math::Sigmoid(x[2 * units])),
        candidate(math::Tanh(x[3 * units])) {}
  T in, forget, out, candidate;
};

int64_t Grain(int64_t units) { return std::max<int64_t>(1, math::kCostlyGrain / (4 * std::max<int64_t>(units, 1))); }

void LstmUnit(const CpuContext&, const LstmUnitAttrs& attrs, const Tensor& x, const Tensor& before, Tensor& cell,
              Tensor& hidden) {
  const int64_t units = before.dim(1);
  VisitFloat(x.dtype(), [&]<class T>() {
    const T forget_bias = attrs.forget_bias;
    const T *px = x.data<T>(), *pb = before.data<T>();
    T *pc = cell.mutable_data<T>(), *ph = hidden.mutable_data<T>();
    ForEachIndex(before.dim(0), Grain(units), [=](int64_t row) {
      const T *xs = px + row * 4 * units, *b = pb + row * units;
      T *c = pc + row * units, *h = ph + row * units;
      math::RunLoop<T>([=] {
#pragma GCC ivdep
        for (int64_t i = 0; i < units; ++i) {
          const Gates<T> gates(xs + i, units, forget_bias);
          c[i] = gates.forget * b[i] + gates.in * gates.candidate;
          h[i] = gates.out * math::Tanh(c[i]);
        }
      });
    });
  });
}

// The gates' sums are there, so the gates are computed again.
template <class T>
struct GradRow {
  const T *x, *before, *cell, *cell_grad, *hidden_grad;
  T *x_grad, *before_grad;  // null: not wanted
  T forget_bias;

  void Run(int64_t units) const {
    math::RunLoop<T>([=, *this] {
#pragma GCC ivdep
      for (int64_t i = 0; i < units; ++i) {
        const Gates<T> g(x + i, units, forget_bias);
        const T shown = math::Tanh(cell[i]);
        const T d = cell_grad[i] + hidden_grad[i] * g.out * (T(1) - shown * shown);
        if (before_grad) before_grad[i] = d * g.forget;
        if (!x_grad) continue;
        x_grad[i] = d * g.candidate * g.in * (T(1) - g.in);
        x_grad[units + i] = d * before[i] * g.forget * (T(1) - g.forget);
        x_grad[2 * units + i] = hidden_grad[i] * shown * g.out * (T(1) - g.out);
        x_grad[3 * units + i] = d * g.in * (T(1) - g.candidate * g.candidate);
      }
    });
  }
};

void LstmUnitGrad(const CpuContext&, const LstmUnitAttrs& attrs, const Tensor& cell, const Tensor& d_cell,
                  const Tensor& before, const Tensor& d_hidden, const Tensor& x, Tensor* d_before, Tensor* d_x) {
  const int64_t units = before.dim(1);
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *pb = before.data<T>(), *pc = cell.data<T>();
    const T *dc = d_cell.data<T>(), *dh = d_hidden.data<T>();
    T* dx = d_x ? d_x->mutable_data<T>() : nullptr;
    T* db = d_before ? d_before->mutable_data<T>() : nullptr;
    ForEachIndex(before.dim(0), Grain(units), [=](int64_t row) {
      const int64_t at = row * units;
      GradRow<T>{
          px + 4 * at,      pb + at, pc + at, dc + at, dh + at, dx ? dx + 4 * at : nullptr, db ? db + at : nullptr,
          attrs.forget_bias}
          .Run(units);
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<LstmUnitAttrs>(
        {.name = "lstm_unit",
         .doc = "One step of long short-term memory: C = sigmoid(x_f + forget_bias) C_prev + sigmoid(x_i) tanh(x_c), H "
                "= sigmoid(x_o) tanh(C). Hochreiter and Schmidhuber 1997.",
         .inputs = {{"X", "[N, 4 D]: the sums in the gates, x_i, x_f, x_o, x_c side by side."},
                    {"C_prev", "[N, D]: the cell before the step."}},
         .outputs = {{"C", "[N, D]: the cell."}, {"H", "[N, D]: the hidden state."}},
         .infer = Infer}),
    RegisterKernel("lstm_unit", LstmUnit),
    RegisterOp<LstmUnitAttrs>(
        {.name = "lstm_unit_grad",
         .doc = "Gradient of lstm_unit.",
         .inputs = {{"C", "Of the forward op."},
                    {"C@GRAD", "Gradient of C."},
                    {"C_prev", "Of the forward op."},
                    {"H@GRAD", "Gradient of H."},
                    {"X", "Of the forward op."}},
         .outputs = {{"C_prev@GRAD", "Gradient of C_prev.", kOptional}, {"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferGrad}),
    RegisterKernel("lstm_unit_grad", LstmUnitGrad),
};

}  // namespace
}  // namespace paddle
