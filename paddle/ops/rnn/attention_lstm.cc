// attention_lstm: long short-term memory whose steps look at whole sequences. For inference: it has no gradient.
#include <algorithm>
#include <vector>

#include "paddle/device/parallel.h"
#include "paddle/math/gate_map.h"
#include "paddle/math/gemm.h"
#include "paddle/math/sums.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace {

struct AttentionLstmAttrs {
  std::string gate_activation = "sigmoid";
  std::string cell_activation = "tanh";
  std::string candidate_activation = "tanh";

  static auto Fields() {
    using A = AttentionLstmAttrs;
    return std::tuple{
        Field{"gate_activation", &A::gate_activation, "Of the three gates: sigmoid, tanh, relu or identity."},
        Field{"cell_activation", &A::cell_activation,
              "Of the cell on its way to Hidden: sigmoid, tanh, relu or identity."},
        Field{"candidate_activation", &A::candidate_activation,
              "Of the cell's candidate: sigmoid, tanh, relu or identity."}};
  }
};

struct Gates {
  explicit Gates(const AttentionLstmAttrs& attrs)
      : gate(ToGate(attrs.gate_activation, "gate_activation")),
        cell(ToGate(attrs.cell_activation, "cell_activation")),
        candidate(ToGate(attrs.candidate_activation, "candidate_activation")) {}
  Gate gate, cell, candidate;
};

void Infer(const AttentionLstmAttrs& attrs, InferContext& context) {
  const Gates gates(attrs);
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, 2);
  if (!context.building()) RequireLod(context, "X");
  for (const auto slot : {"C0", "LSTMWeight"}) context.CheckRank(slot, 2, 2);
  const Dims &x = context.In("X").dims, &weight = context.In("LSTMWeight").dims;
  const int64_t units = context.In("C0").dims[1], both = x[1] < 0 || units < 0 ? -1 : x[1] + units;
  const int64_t width = units < 0 ? -1 : 4 * units;
  CheckInitialState(context, "X", "C0", units);
  CheckInitialState(context, "X", "H0", units);
  CheckDims(context, "AttentionWeight", {both, 1});
  Require(DimsAgree(weight, {both, width}), "input LSTMWeight has shape ", weight, "; expected [", both, ", ", width,
          "]: for the ", units, " units of C0 and the ", x[1], " columns of X");
  CheckDims(context, "LSTMBias", {1, width});
  for (const auto slot : {"AttentionBias", "AttentionScalar", "AttentionScalarBias"})
    if (context.Has(slot)) CheckDims(context, slot, {1, 1});
  Require(context.Has("AttentionScalar") || !context.Has("AttentionScalarBias"),
          "input AttentionScalarBias is of use with AttentionScalar only, which is missing");
  for (const auto slot :
       {"AttentionWeight", "AttentionBias", "AttentionScalar", "AttentionScalarBias", "LSTMWeight", "LSTMBias"})
    if (context.Has(slot)) context.CheckSameDType("X", slot);

  const DType dtype = context.In("X").dtype;
  for (const auto slot : {"Hidden", "Cell"}) {
    context.SetOut(slot, {x[0], units}, dtype);
    context.ShareLod("X", slot);
  }
  int64_t longest = -1;
  if (!context.building()) {
    const Lod& lod = context.In("X").lod;
    const auto order = lod.ByLength();
    longest = order.empty() ? 0 : lod.last()[order[0] + 1] - lod.last()[order[0]];
  }
  context.SetOut("AttentionedX", {x[0], 1}, dtype);
  context.SetOut("AttentionFCOut", {longest, 1}, dtype);
  context.SetOut("LSTMX", {1, x[1]}, dtype);
  context.SetOut("LSTMOUT", {1, width}, dtype);
}

template <class T>
struct Weights {
  const T *attention, *scalar, *scalar_bias, *weight, *bias;  // the scalars may be null
};

// y += factor x.
template <class T>
void AddScaled(T factor, const T* x, T* y, int64_t n) {
  math::MapSerial([factor](T a, T b) { return factor * a + b; }, x, y, y, n);
}

// One sequence: what its steps keep.
template <class T>
class Walk {
 public:
  Walk(const Gates& gates, const Weights<T>& weights, int64_t columns, int64_t units)
      : gates_(gates), weights_(weights), columns_(columns), units_(units), attended_(columns), sums_(4 * units) {}

  // `x`, `projected`: of the first of `length` rows. The states are null where they are zero.
  void Run(const T* x, const T* projected, int64_t length, const T* hidden, const T* cell, T* hidden_out, T* cell_out) {
    attention_.resize(length);
    for (int64_t t = 0; t < length; ++t) {
      Attend(x, projected, length, cell);
      Step(hidden, cell, hidden_out, cell_out);
      hidden = hidden_out;
      cell = cell_out;
      hidden_out += units_;
      cell_out += units_;
    }
  }

  const std::vector<T>& attention() const { return attention_; }
  const std::vector<T>& attended() const { return attended_; }
  const std::vector<T>& sums() const { return sums_; }

 private:
  void Attend(const T* x, const T* projected, int64_t length, const T* cell) {
    const T* weight = weights_.attention + columns_;
    const T seen = LaneSum<T>(units_, [=](int64_t i) { return cell[i] * weight[i]; });
    const T scalar = weights_.scalar ? *weights_.scalar : T(1);
    const T bias = weights_.scalar_bias ? *weights_.scalar_bias : T(0);
    T most = 0;  // what relu leaves is not less
    for (int64_t i = 0; i < length; ++i) {
      const T score = math::Max(projected[i] + seen, T(0));
      attention_[i] = math::Max(scalar * score + bias, T(0));
      most = math::Max(most, attention_[i]);
    }
    math::MapSerial([most](T score) { return math::Exp(score - most); }, attention_.data(), attention_.data(), length);
    const T total = LaneSum<T>(length, [this](int64_t i) { return attention_[i]; });
    std::fill(attended_.begin(), attended_.end(), T{0});
    for (int64_t i = 0; i < length; ++i) {
      attention_[i] /= total;
      AddScaled(attention_[i], x + i * columns_, attended_.data(), columns_);
    }
  }

  void Step(const T* hidden, const T* cell, T* hidden_out, T* cell_out) {
    const int64_t d = units_, width = 4 * d;
    std::copy(weights_.bias, weights_.bias + width, sums_.begin());
    for (int64_t i = 0; i < d && hidden; ++i) AddScaled(hidden[i], weights_.weight + i * width, sums_.data(), width);
    for (int64_t i = 0; i < columns_; ++i)
      AddScaled(attended_[i], weights_.weight + (d + i) * width, sums_.data(), width);
    T *forget = sums_.data(), *in = forget + d, *out = in + d, *candidate = out + d;
    ApplyGate(gates_.gate, forget, 3 * d);
    ApplyGate(gates_.candidate, candidate, d);
    for (int64_t i = 0; i < d; ++i) hidden_out[i] = cell_out[i] = forget[i] * cell[i] + in[i] * candidate[i];
    ApplyGate(gates_.cell, hidden_out, d);
    for (int64_t i = 0; i < d; ++i) hidden_out[i] *= out[i];
  }

  const Gates& gates_;
  const Weights<T>& weights_;
  const int64_t columns_, units_;
  std::vector<T> attention_, attended_, sums_;
};

// What the last step left, for the op's intermediate outputs: zeros where nothing is left.
template <class T>
void Keep(const std::vector<T>& from, Tensor* to) {
  if (!to) return;
  T* data = to->mutable_data<T>();
  std::copy(from.begin(), from.end(), data);
  std::fill(data + from.size(), data + to->numel(), T{0});
}

void AttentionLstm(const CpuContext&, const AttentionLstmAttrs& attrs, const Tensor& x, const Tensor& c0,
                   const Tensor* h0, const Tensor& attention_weight, const Tensor* attention_bias, const Tensor* scalar,
                   const Tensor* scalar_bias, const Tensor& weight, const Tensor& bias, Tensor& hidden, Tensor& cell,
                   Tensor& projected, Tensor* attention_out, Tensor* attended_out, Tensor* sums_out) {
  const int64_t columns = x.dim(1), units = c0.dim(1);
  const Gates gates(attrs);
  const auto offsets = x.lod().last();
  const int64_t sequences = x.lod().last_sequences();
  VisitFloat(x.dtype(), [&]<class T>() {
    const Weights<T> weights{attention_weight.data<T>(), DataOf<T>(scalar), DataOf<T>(scalar_bias), weight.data<T>(),
                             bias.data<T>()};
    const T *px = x.data<T>(), *initial_cell = c0.data<T>(), *initial_hidden = DataOf<T>(h0);
    T *pp = projected.mutable_data<T>(), *ph = hidden.mutable_data<T>(), *pc = cell.mutable_data<T>();
    std::fill(pp, pp + x.dim(0), attention_bias ? *attention_bias->data<T>() : T{0});
    Gemm<T>({.m = x.dim(0), .n = 1, .k = columns}, T{1}, px, weights.attention, T{1}, pp);
    int64_t last = sequences;
    while (last > 0 && offsets[last - 1] == offsets[last]) --last;
    if (last == 0) {
      for (Tensor* out : {attention_out, attended_out, sums_out}) Keep<T>({}, out);
      return;
    }
    ParallelFor(last, 1, [&](int64_t begin, int64_t end) {
      Walk<T> walk(gates, weights, columns, units);
      for (int64_t s = begin; s < end; ++s) {
        const int64_t row = offsets[s];
        walk.Run(px + row * columns, pp + row, offsets[s + 1] - row,
                 initial_hidden ? initial_hidden + s * units : nullptr, initial_cell + s * units, ph + row * units,
                 pc + row * units);
      }
      if (end < last) return;
      Keep(walk.attention(), attention_out);
      Keep(walk.attended(), attended_out);
      Keep(walk.sums(), sums_out);
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<AttentionLstmAttrs>(
        {.name = "attention_lstm",
         .doc = "Long short-term memory over each sequence whose every step sees the whole sequence: the rows' scores "
                "are relu(X w_x + b + c' w_c), with AttentionScalar s also relu(s score + AttentionScalarBias); their "
                "softmax weighs the rows of the sequence, and the sum a goes in: f, i, o = gate([h', a] W + LSTMBias), "
                "c~ = candidate of the same, c = f c' + i c~, h = o cell(c). For inference.",
         .inputs = {{"X", "LoDTensor [rows, M]."},
                    {"C0", "[sequences, D]: c' of the first rows."},
                    {"H0", "[sequences, D]: h' of the first rows; zero if absent.", kOptional},
                    {"AttentionWeight", "[M + D, 1]: w_x above w_c."},
                    {"AttentionBias", "[1, 1]: b; zero if absent.", kOptional},
                    {"AttentionScalar", "[1, 1]: s.", kOptional},
                    {"AttentionScalarBias", "[1, 1]: added to s times the score; zero if absent.", kOptional},
                    {"LSTMWeight", "[D + M, 4 D]: W for f, i, o, c~ side by side; the rows of h' above those of a."},
                    {"LSTMBias", "[1, 4 D]: for f, i, o, c~."}},
         .outputs = {{"Hidden", "[rows, D] h, with X's LoD."},
                     {"Cell", "[rows, D] c, with X's LoD."},
                     {"AttentionedX", "[rows, 1] X w_x + b.", kIntermediate},
                     {"AttentionFCOut", "[longest sequence, 1]: the weights of the rows in the very last step.",
                      kIntermediate},
                     {"LSTMX", "[1, M]: a of the very last step.", kIntermediate},
                     {"LSTMOUT", "[1, 4 D]: f, i, o, c~ of the very last step.", kIntermediate}},
         .infer = Infer}),
    RegisterKernel("attention_lstm", AttentionLstm),
};

}  // namespace
}  // namespace paddle
