// lstm on the GPU: the input's product is made, so what is left of a step is the product of the states of the sequences
// still running with the weight, and one kernel for all that follows it. cuDNN's LSTM does not fit: it makes the
// input's product itself, and knows neither peepholes nor other activations.
#include <algorithm>

#include "paddle/math/cuda/column_sums.h"
#include "paddle/math/cuda/recurrent.h"
#include "paddle/math/lane.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/lstm.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace lane {
#include "paddle/math/lstm_cell-inl.h"
}  // namespace lane

namespace {

// ---- one step ----

// What the steps of both directions read and write. R rows, H units; `initial_cell` null: zero.
template <class T>
struct LstmView {
  cuda::Sequences sequences;
  int64_t hidden;
  lane::AnyGate gate, show, propose;
  const T* bias;
  const T* initial_cell;
  int64_t step;

  // c' of the j-th sequence.
  constexpr T CellBefore(const T* cells, int64_t j, int64_t unit) const {
    if (step > 0) return cells[sequences.row(j, step - 1) * hidden + unit];
    return initial_cell ? initial_cell[sequences.id(j) * hidden + unit] : T(0);
  }
};

template <class T>
LstmView<T> ViewOf(const LstmConfig& config, const cuda::Sequences& sequences, const Tensor& bias, const Tensor* c0) {
  return {sequences,
          config.hidden,
          lane::AnyGate(config.gate),
          lane::AnyGate(config.cell),
          lane::AnyGate(config.candidate),
          bias.data<T>(),
          DataOf<T>(c0),
          0};
}

// From sums h' W to gates, cell and hidden state, for unit i % H of the (i / H)-th sequence.
template <class T, bool kPeepholes>
struct LstmStep {
  LstmView<T> at;
  const T* input;    // [R, 4H]
  const T* sums;     // [., 4H] by sequence, longest first; null: zero
  T* gates;          // [R, 4H]; may be `input`
  T *hidden, *cell;  // [R, H]
  T* shown_cell;     // [R, H] or null
  T* state;          // [., H] by sequence, longest first: h for the next step's product

  __device__ void operator()(int64_t i) const {
    const int64_t units = at.hidden, j = i / units, unit = i % units, row = at.sequences.row(j, at.step);
    const int64_t from = row * 4 * units + unit, to = row * units + unit;
    T x[4], peephole[3] = {};
    for (int g = 0; g < 4; ++g) {
      x[g] = input[from + g * units] + at.bias[g * units + unit];
      if (sums) x[g] += sums[(j * 4 + g) * units + unit];
    }
    if constexpr (kPeepholes)
      for (int g = 0; g < 3; ++g) peephole[g] = at.bias[(4 + g) * units + unit];
    const auto now = lane::LstmCell<kPeepholes>(lane::hn::Tag<T>(), x, at.CellBefore(cell, j, unit), peephole, at.gate,
                                                at.show, at.propose);
    gates[from] = now.candidate;
    gates[from + units] = now.in;
    gates[from + 2 * units] = now.forget;
    gates[from + 3 * units] = now.out;
    cell[to] = now.cell;
    hidden[to] = now.hidden;
    if (shown_cell) shown_cell[to] = now.shown;
    state[i] = now.hidden;
  }
};

// From sums over the step behind's gate gradients to this step's.
template <class T, bool kPeepholes>
struct LstmGradStep {
  LstmView<T> at;
  int64_t continued;  // number of sequences that have a step behind this one
  const T* sums;      // [., H] by sequence, longest first: W times the gate gradients of the step behind
  const T* gates;     // [R, 4H]
  const T *hidden, *initial_hidden, *cell;
  const T *hidden_grad, *cell_grad;  // [R, H]; cell_grad may be null
  T* input_grad;                     // [R, 4H]; may be `gates`
  // By sequence, longest first: gradients of the gates, for the product; of the cell, from the step behind and for the
  // one before; of the peepholes so far.
  T *step_grad, *carry, *peephole_sums;
  T* before_hidden;  // [R, H] h', for the weight's gradient; null: not wanted

  __device__ void operator()(int64_t i) const {
    const int64_t units = at.hidden, j = i / units, unit = i % units, row = at.sequences.row(j, at.step);
    const int64_t from = row * 4 * units + unit, to = row * units + unit;
    const bool goes_on = j < continued;
    T gate[4], peephole[3] = {};
    for (int g = 0; g < 4; ++g) gate[g] = gates[from + g * units];
    if constexpr (kPeepholes)
      for (int g = 0; g < 3; ++g) peephole[g] = at.bias[(4 + g) * units + unit];
    const T before = at.CellBefore(cell, j, unit);
    const T d_hidden = hidden_grad[to] + (goes_on ? sums[i] : T(0));
    const T d_cell = (goes_on ? carry[i] : T(0)) + (cell_grad ? cell_grad[to] : T(0));
    const auto grad = lane::LstmCellGrad<kPeepholes>(lane::hn::Tag<T>(), gate, cell[to], before, d_hidden, d_cell,
                                                     peephole, at.gate, at.show, at.propose);
    const T of_gates[4] = {grad.candidate, grad.in, grad.forget, grad.out};
    for (int g = 0; g < 4; ++g) {
      input_grad[from + g * units] = of_gates[g];
      step_grad[(j * 4 + g) * units + unit] = of_gates[g];
    }
    carry[i] = grad.before;
    if constexpr (kPeepholes) {
      T* sum = peephole_sums + j * 3 * units + unit;
      const T of_peepholes[3] = {grad.in * before, grad.forget * before, grad.out * cell[to]};
      for (int g = 0; g < 3; ++g) sum[g * units] = of_peepholes[g] + (goes_on ? sum[g * units] : T(0));
    }
    if (before_hidden) before_hidden[to] = HiddenBefore(j, unit);
  }

  constexpr T HiddenBefore(int64_t j, int64_t unit) const {
    if (at.step > 0) return hidden[at.sequences.row(j, at.step - 1) * at.hidden + unit];
    return initial_hidden ? initial_hidden[at.sequences.id(j) * at.hidden + unit] : T(0);
  }
};

// ---- lstm ----

struct LstmState {
  cuda::StepProducts products;  // h' W
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

LstmState Prepare(const CudaContext& context, const LstmAttrs&, const OpMetas& metas) {
  const DType dtype = metas.In("Weight").dtype;
  const int64_t hidden = metas.In("Weight").dims[0], sequences = metas.In("Input").lod.last_sequences();
  LstmState state;
  state.products = {context, dtype, {.m = sequences, .n = 4 * hidden, .k = hidden}};
  state.bytes = state.products.scratch_bytes() + VisitFloat(dtype, [&]<class T>() {
                  return cuda::ArrayBytes<T>(sequences * hidden) + cuda::ArrayBytes<T>(sequences * 4 * hidden);
                });
  return state;
}

template <class T, bool kPeepholes>
void Walk(const CudaContext& context, const cuda::SequenceBatch& batch, const cuda::StepProducts& products,
          LstmStep<T, kPeepholes> step, const T* weight, bool initial, T* sums, std::byte* scratch) {
  const SequenceShare& share = batch.host();
  int64_t running = share.size();
  for (int64_t t = 0; t < share.longest(); ++t) {
    running = share.Running(t, running);
    step.at.step = t;
    step.sums = t > 0 || initial ? sums : nullptr;
    if (step.sums) products.Run(context, running, step.state, weight, sums, scratch);
    cuda::ForEach(context, running * step.at.hidden, step);
  }
}

void Run(const CudaContext& context, const LstmAttrs& attrs, LstmState& state, Scratch scratch, const Tensor& input,
         const Tensor* h0, const Tensor* c0, const Tensor& weight, const Tensor& bias, Tensor& hidden, Tensor& cell,
         Tensor& gates, Tensor* shown_cell) {
  const LstmConfig config = ConfigOf(attrs, weight.dim(0));
  const cuda::SequenceBatch batch(context, input.lod(), config.reverse);
  const int64_t sequences = input.lod().last_sequences();
  VisitFloat(input.dtype(), [&]<class T>() {
    cuda::ScratchArrays arrays(scratch.data);
    T *states = arrays.Take<T>(sequences * config.hidden), *sums = arrays.Take<T>(sequences * 4 * config.hidden);
    if (h0) cuda::GatherStates(context, batch.device(), sequences, config.hidden, h0->data<T>(), states);
    const auto walk = [&]<bool kPeepholes>() {
      const LstmStep<T, kPeepholes> step{ViewOf<T>(config, batch.device(), bias, c0),
                                         input.data<T>(),
                                         nullptr,
                                         gates.mutable_data<T>(),
                                         hidden.mutable_data<T>(),
                                         cell.mutable_data<T>(),
                                         DataOf<T>(shown_cell),
                                         states};
      Walk(context, batch, state.products, step, weight.data<T>(), h0 != nullptr, sums, arrays.rest());
    };
    config.peepholes ? walk.template operator()<true>() : walk.template operator()<false>();
  });
}

// ---- lstm_grad ----

struct LstmGradState {
  cuda::StepProducts products;  // gate gradients times W transposed
  cuda::PreparedGemm weight;    // h' of all rows transposed times their gate gradients
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

// Elements of the parts of the gradient kernel's scratch: by sequence, and by row what nobody asked for or only the
// weight's gradient needs.
struct GradSizes {
  int64_t states, peepholes, before_hidden, input_grad;

  GradSizes(const LstmConfig& config, int64_t rows, int64_t sequences, bool weight_grad, bool has_input_grad)
      : states(sequences * config.hidden),
        peepholes(config.peepholes ? 3 * states : 0),
        before_hidden(weight_grad ? rows * config.hidden : 0),
        input_grad(has_input_grad ? 0 : rows * 4 * config.hidden) {}
  template <class T>
  size_t bytes() const {
    return 2 * cuda::ArrayBytes<T>(states) + cuda::ArrayBytes<T>(4 * states) + cuda::ArrayBytes<T>(peepholes) +
           cuda::ArrayBytes<T>(before_hidden) + cuda::ArrayBytes<T>(input_grad);
  }
};

LstmGradState PrepareGrad(const CudaContext& context, const LstmAttrs& attrs, const OpMetas& metas) {
  const DType dtype = metas.In("Weight").dtype;
  const LstmConfig config = ConfigOf(attrs, metas.In("Weight").dims[0]);
  const int64_t rows = metas.In("Input").dims[0], sequences = metas.In("Input").lod.last_sequences(), h = config.hidden;
  const bool weight_grad = metas.HasOut("Weight@GRAD");
  LstmGradState state;
  state.products = {context, dtype, {.m = sequences, .n = h, .k = 4 * h, .trans_b = true}};
  if (weight_grad) state.weight = {context, dtype, {.m = h, .n = 4 * h, .k = rows, .trans_a = true}};
  state.bytes = std::max(state.products.scratch_bytes(), state.weight.scratch_bytes());
  const GradSizes sizes(config, rows, sequences, weight_grad, metas.HasOut("Input@GRAD"));
  state.bytes += VisitFloat(dtype, [&]<class T>() { return sizes.bytes<T>(); });
  return state;
}

template <class T, bool kPeepholes>
void WalkBack(const CudaContext& context, const cuda::SequenceBatch& batch, const cuda::StepProducts& products,
              LstmGradStep<T, kPeepholes> step, const T* weight, T* sums, std::byte* scratch) {
  const SequenceShare& share = batch.host();
  int64_t running = 0;
  for (int64_t t = share.longest() - 1; t >= 0; --t) {
    step.continued = running;
    step.at.step = t;
    if (running) products.Run(context, running, step.step_grad, weight, sums, scratch);
    running = share.Running(t, running);
    cuda::ForEach(context, running * step.at.hidden, step);
  }
}

void RunGrad(const CudaContext& context, const LstmAttrs& attrs, LstmGradState& state, Scratch scratch, const Tensor*,
             const Tensor& gates, const Tensor& bias, const Tensor* c0, const Tensor& cell, const Tensor* d_cell,
             const Tensor* h0, const Tensor& hidden, const Tensor& d_hidden, const Tensor& input, const Tensor& weight,
             Tensor* d_bias, Tensor* d_c0, Tensor* d_h0, Tensor* d_input, Tensor* d_weight) {
  const LstmConfig config = ConfigOf(attrs, weight.dim(0));
  const cuda::SequenceBatch batch(context, input.lod(), config.reverse);
  const int64_t rows = gates.dim(0), sequences = input.lod().last_sequences(), h = config.hidden;
  const int64_t used = batch.host().size();
  const GradSizes sizes(config, rows, sequences, d_weight != nullptr, d_input != nullptr);
  VisitFloat(gates.dtype(), [&]<class T>() {
    cuda::ScratchArrays arrays(scratch.data);
    T *sums = arrays.Take<T>(sizes.states), *carry = arrays.Take<T>(sizes.states),
      *step_grad = arrays.Take<T>(4 * sizes.states), *peephole_sums = arrays.Take<T>(sizes.peepholes),
      *before_hidden = arrays.Take<T>(sizes.before_hidden), *input_grad = arrays.Take<T>(sizes.input_grad);
    if (d_input) input_grad = d_input->mutable_data<T>();
    const T* w = weight.data<T>();
    const auto walk = [&]<bool kPeepholes>() {
      const LstmGradStep<T, kPeepholes> step{ViewOf<T>(config, batch.device(), bias, c0),
                                             0,
                                             sums,
                                             gates.data<T>(),
                                             hidden.data<T>(),
                                             DataOf<T>(h0),
                                             cell.data<T>(),
                                             d_hidden.data<T>(),
                                             DataOf<T>(d_cell),
                                             input_grad,
                                             step_grad,
                                             carry,
                                             peephole_sums,
                                             d_weight ? before_hidden : nullptr};
      WalkBack(context, batch, state.products, step, w, sums, arrays.rest());
    };
    config.peepholes ? walk.template operator()<true>() : walk.template operator()<false>();
    if (d_c0)
      cuda::ScatterStateGrads<T>(context, batch.device(), sequences, used, h, carry, nullptr, d_c0->mutable_data<T>());
    if (d_h0) {
      if (used) state.products.Run(context, used, step_grad, w, sums, arrays.rest());
      cuda::ScatterStateGrads<T>(context, batch.device(), sequences, used, h, sums, nullptr, d_h0->mutable_data<T>());
    }
    if (d_bias) {
      T* to = d_bias->mutable_data<T>();
      cuda::ColumnSums(context, rows, 4 * h, input_grad, to);
      if (config.peepholes) cuda::ColumnSums(context, used, 3 * h, peephole_sums, to + 4 * h);
    }
    if (d_weight) state.weight.Run(context, before_hidden, input_grad, d_weight->mutable_data<T>(), arrays.rest());
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("lstm", Prepare, Run),
    RegisterKernel("lstm_grad", PrepareGrad, RunGrad),
};

}  // namespace
}  // namespace paddle
