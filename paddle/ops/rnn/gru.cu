// gru on the GPU: two products and two kernels a step over the sequences still running. cuDNN's GRU is another one: it
// puts the reset gate on the product of the state, Fluid on the state.
#include <algorithm>

#include "paddle/math/cuda/column_sums.h"
#include "paddle/math/cuda/recurrent.h"
#include "paddle/math/lane.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/gru.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace lane {
#include "paddle/math/gru_cell-inl.h"
}  // namespace lane

namespace {

// ---- one step ----

// What all kernels of a step know. R rows, H units; rows "by step" as in math/gru.h.
struct GruView {
  cuda::Sequences sequences;
  int64_t hidden;
  lane::AnyGate gate, propose;
  bool origin_mode;
  int64_t step, base;  // base: row "by step" of the step's first sequence
};

GruView ViewOf(const GruConfig& config, const cuda::Sequences& sequences, int64_t base) {
  return {sequences, config.hidden, lane::AnyGate(config.gate), lane::AnyGate(config.candidate), config.origin_mode,
          0,         base};
}

// From sums h' [W_u W_r] to both gates and r * h', for unit i % H of the (i / H)-th sequence.
template <class T>
struct GruGates {
  GruView at;
  const T *input, *bias;  // [R, 3H]; [3H] or null
  const T* sums;          // [., 2H] by sequence, longest first; null: zero
  const T* state;         // [., H] likewise: h'
  T* gates;               // [R, 3H] by step
  T* reset_state;         // [., H] by sequence, longest first: r * h' for the next product
  T* reset_hidden;        // [R, H] by step, or null

  __device__ void operator()(int64_t i) const {
    const int64_t units = at.hidden, j = i / units, unit = i % units;
    const T* x = input + at.sequences.row(j, at.step) * 3 * units + unit;
    T gate[2];
    for (int g = 0; g < 2; ++g) {
      T sum = x[g * units];
      if (bias) sum += bias[g * units + unit];
      if (sums) sum += sums[(j * 2 + g) * units + unit];
      gate[g] = at.gate.Value(lane::hn::Tag<T>(), sum);
      gates[((at.base + j) * 3 + g) * units + unit] = gate[g];
    }
    const T reset = gate[1] * state[i];
    reset_state[i] = reset;
    if (reset_hidden) reset_hidden[(at.base + j) * units + unit] = reset;
  }
};

// From sums (r * h') W_c to the candidate and the hidden state.
template <class T>
struct GruState {
  GruView at;
  const T *input, *bias;
  const T* sums;    // [., H] by sequence, longest first; null: zero
  T* state;         // [., H] likewise: h' becomes h
  T* gates;         // [R, 3H] by step
  T* batch_hidden;  // [R, H] by step, or null
  T* hidden;        // [R, H]

  __device__ void operator()(int64_t i) const {
    const int64_t units = at.hidden, j = i / units, unit = i % units, row = at.sequences.row(j, at.step);
    T* gate = gates + (at.base + j) * 3 * units + unit;
    T sum = input[(row * 3 + 2) * units + unit];
    if (bias) sum += bias[2 * units + unit];
    if (sums) sum += sums[i];
    const T candidate = at.propose.Value(lane::hn::Tag<T>(), sum);
    const T now = lane::GruHidden(at.origin_mode, gate[0], candidate, state[i]);
    gate[2 * units] = candidate;
    state[i] = now;
    hidden[row * units + unit] = now;
    if (batch_hidden) batch_hidden[(at.base + j) * units + unit] = now;
  }
};

// What both kernels of a step back read and write.
template <class T>
struct GruGradView {
  GruView at;
  int64_t continued;  // number of sequences that have a step behind this one
  const T *gates, *hidden, *initial_hidden, *hidden_grad;
  T* input_grad;  // [R, 3H]
  // By sequence, longest first: what the last product gave; the gradients of u and r [., 2H] and of c, for products; of
  // h' so far.
  T *sums, *gate_grad, *candidate_grad, *carry;
  T *before_hidden, *reset_hidden;  // [R, H] h' and r * h', for the weight's gradient; null: not wanted

  constexpr T HiddenBefore(int64_t j, int64_t unit) const {
    if (at.step > 0) return hidden[at.sequences.row(j, at.step - 1) * at.hidden + unit];
    return initial_hidden ? initial_hidden[at.sequences.id(j) * at.hidden + unit] : T(0);
  }
};

// From sums of the step behind's u and r gradients to this step's of u and c.
template <class T>
struct GruStateGrad {
  GruGradView<T> view;

  __device__ void operator()(int64_t i) const {
    const GruView& at = view.at;
    const int64_t units = at.hidden, j = i / units, unit = i % units, row = at.sequences.row(j, at.step);
    const T* gate = view.gates + (at.base + j) * 3 * units + unit;
    T d_hidden = view.hidden_grad[row * units + unit];
    if (j < view.continued) d_hidden += view.sums[i] + view.carry[i];
    const T before = view.HiddenBefore(j, unit);
    const auto grad = lane::GruHiddenGrad(lane::hn::Tag<T>(), at.origin_mode, gate[0], gate[2 * units], before,
                                          d_hidden, at.gate, at.propose);
    T* to = view.input_grad + row * 3 * units + unit;
    to[0] = view.gate_grad[j * 2 * units + unit] = grad.update;
    to[2 * units] = view.candidate_grad[i] = grad.candidate;
    view.carry[i] = grad.before;
    if (view.before_hidden) view.before_hidden[row * units + unit] = before;
  }
};

// From the gradient of r * h', unless it is zero as h' is, to that of r.
template <class T>
struct GruResetGrad {
  GruGradView<T> view;
  bool has_before;

  __device__ void operator()(int64_t i) const {
    const GruView& at = view.at;
    const int64_t units = at.hidden, j = i / units, unit = i % units, row = at.sequences.row(j, at.step);
    const T reset = view.gates[((at.base + j) * 3 + 1) * units + unit];
    const T before = view.HiddenBefore(j, unit), grad = has_before ? view.sums[i] : T(0);
    const T reset_grad = at.gate.Backward(lane::hn::Tag<T>(), reset, grad * before);
    view.input_grad[(row * 3 + 1) * units + unit] = reset_grad;
    view.gate_grad[(j * 2 + 1) * units + unit] = reset_grad;
    view.carry[i] += grad * reset;
    if (view.reset_hidden) view.reset_hidden[row * units + unit] = reset * before;
  }
};

// ---- gru ----

// Products of one step with W_u, W_r and with W_c, which stands behind them.
struct GruProducts {
  cuda::StepProducts gates, candidate;
  size_t scratch_bytes() const { return std::max(gates.scratch_bytes(), candidate.scratch_bytes()); }
};

struct GruPlan {
  GruProducts products;
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

GruPlan Prepare(const CudaContext& context, const GruAttrs&, const OpMetas& metas) {
  const DType dtype = metas.In("Weight").dtype;
  const int64_t h = metas.In("Weight").dims[0], sequences = metas.In("Input").lod.last_sequences();
  GruPlan plan;
  plan.products = {{context, dtype, {.m = sequences, .n = 2 * h, .k = h}},
                   {context, dtype, {.m = sequences, .n = h, .k = h}}};
  plan.bytes = plan.products.scratch_bytes() + VisitFloat(dtype, [&]<class T>() {
                 return 2 * cuda::ArrayBytes<T>(sequences * h) + cuda::ArrayBytes<T>(sequences * 2 * h);
               });
  return plan;
}

template <class T>
void Walk(const CudaContext& context, const cuda::SequenceBatch& batch, const GruProducts& products, GruGates<T> gates,
          GruState<T> state, const T* weight, bool initial, T* sums, std::byte* scratch) {
  const SequenceShare& share = batch.host();
  const int64_t h = gates.at.hidden;
  int64_t running = share.size();
  for (int64_t t = 0; t < share.longest(); ++t) {
    running = share.Running(t, running);
    gates.at.step = state.at.step = t;
    gates.sums = state.sums = t > 0 || initial ? sums : nullptr;
    if (sums == gates.sums) products.gates.Run(context, running, gates.state, weight, sums, scratch);
    cuda::ForEach(context, running * h, gates);
    if (sums == gates.sums)
      products.candidate.Run(context, running, gates.reset_state, weight + 2 * h * h, sums, scratch);
    cuda::ForEach(context, running * h, state);
    gates.at.base = state.at.base += running;
  }
}

void Run(const CudaContext& context, const GruAttrs& attrs, GruPlan& plan, Scratch scratch, const Tensor& input,
         const Tensor* h0, const Tensor& weight, const Tensor* bias, Tensor& gates, Tensor* reset_hidden,
         Tensor* batch_hidden, Tensor& hidden) {
  const GruConfig config = ConfigOf(attrs, weight.dim(0));
  const cuda::SequenceBatch batch(context, input.lod(), config.reverse);
  const int64_t h = config.hidden, sequences = input.lod().last_sequences();
  VisitFloat(input.dtype(), [&]<class T>() {
    cuda::ScratchArrays arrays(scratch.data);
    T *state = arrays.Take<T>(sequences * h), *reset_state = arrays.Take<T>(sequences * h),
      *sums = arrays.Take<T>(sequences * 2 * h);
    cuda::GatherStates(context, batch.device(), sequences, h, DataOf<T>(h0), state);
    const GruView view = ViewOf(config, batch.device(), 0);
    const T *x = input.data<T>(), *b = DataOf<T>(bias);
    T* to = gates.mutable_data<T>();
    Walk<T>(context, batch, plan.products, {view, x, b, nullptr, state, to, reset_state, DataOf<T>(reset_hidden)},
            {view, x, b, nullptr, state, to, DataOf<T>(batch_hidden), hidden.mutable_data<T>()}, weight.data<T>(),
            h0 != nullptr, sums, arrays.rest());
  });
}

// ---- gru_grad ----

struct GruGradPlan {
  GruProducts products;  // gradients times the weight transposed
  // Of the weight: h' and r * h' of all rows transposed, times their gradients.
  cuda::PreparedGemm gate_weight, reset_weight;
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

// Elements of the parts of the gradient kernel's scratch: by sequence, by row where the weight's gradient is wanted,
// and a gradient of the input that nobody asked for.
struct GradSizes {
  int64_t states, rows, input_grad;

  GradSizes(int64_t hidden, int64_t rows, int64_t sequences, bool weight_grad, bool has_input_grad)
      : states(sequences * hidden),
        rows(weight_grad ? rows * hidden : 0),
        input_grad(has_input_grad ? 0 : rows * 3 * hidden) {}
  template <class T>
  size_t bytes() const {
    return 3 * cuda::ArrayBytes<T>(states) + cuda::ArrayBytes<T>(2 * states) + 2 * cuda::ArrayBytes<T>(rows) +
           cuda::ArrayBytes<T>(input_grad);
  }
};

GruGradPlan PrepareGrad(const CudaContext& context, const GruAttrs&, const OpMetas& metas) {
  const DType dtype = metas.In("Weight").dtype;
  const int64_t h = metas.In("Weight").dims[0], rows = metas.In("Input").dims[0],
                sequences = metas.In("Input").lod.last_sequences();
  const bool weight_grad = metas.HasOut("Weight@GRAD");
  GruGradPlan plan;
  plan.products = {{context, dtype, {.m = sequences, .n = h, .k = 2 * h, .trans_b = true}},
                   {context, dtype, {.m = sequences, .n = h, .k = h, .trans_b = true}}};
  if (weight_grad) {
    plan.gate_weight = {context, dtype, {.m = h, .n = 2 * h, .k = rows, .trans_a = true, .ldb = 3 * h}};
    plan.reset_weight = {context, dtype, {.m = h, .n = h, .k = rows, .trans_a = true, .ldb = 3 * h}};
  }
  plan.bytes =
      std::max({plan.products.scratch_bytes(), plan.gate_weight.scratch_bytes(), plan.reset_weight.scratch_bytes()});
  const GradSizes sizes(h, rows, sequences, weight_grad, metas.HasOut("Input@GRAD"));
  plan.bytes += VisitFloat(dtype, [&]<class T>() { return sizes.bytes<T>(); });
  return plan;
}

template <class T>
void WalkBack(const CudaContext& context, const cuda::SequenceBatch& batch, const GruProducts& products,
              GruGradView<T> view, const T* weight, std::byte* scratch) {
  const SequenceShare& share = batch.host();
  const int64_t h = view.at.hidden;
  int64_t running = 0;
  for (int64_t t = share.longest() - 1; t >= 0; --t) {
    view.continued = running;
    view.at.step = t;
    if (running) products.gates.Run(context, running, view.gate_grad, weight, view.sums, scratch);
    running = share.Running(t, running);
    view.at.base -= running;
    cuda::ForEach(context, running * h, GruStateGrad<T>{view});
    const bool has_before = t > 0 || view.initial_hidden;
    if (has_before)
      products.candidate.Run(context, running, view.candidate_grad, weight + 2 * h * h, view.sums, scratch);
    cuda::ForEach(context, running * h, GruResetGrad<T>{view, has_before});
  }
}

void RunGrad(const CudaContext& context, const GruAttrs& attrs, GruGradPlan& plan, Scratch scratch, const Tensor& gates,
             const Tensor*, const Tensor*, const Tensor*, const Tensor* h0, const Tensor& hidden,
             const Tensor& d_hidden, const Tensor& input, const Tensor& weight, Tensor* d_bias, Tensor* d_h0,
             Tensor* d_input, Tensor* d_weight) {
  const GruConfig config = ConfigOf(attrs, weight.dim(0));
  const cuda::SequenceBatch batch(context, input.lod(), config.reverse);
  const int64_t h = config.hidden, rows = gates.dim(0), sequences = input.lod().last_sequences();
  const int64_t used = batch.host().size();
  const GradSizes sizes(h, rows, sequences, d_weight != nullptr, d_input != nullptr);
  VisitFloat(gates.dtype(), [&]<class T>() {
    cuda::ScratchArrays arrays(scratch.data);
    T *sums = arrays.Take<T>(sizes.states), *candidate_grad = arrays.Take<T>(sizes.states),
      *carry = arrays.Take<T>(sizes.states), *gate_grad = arrays.Take<T>(2 * sizes.states),
      *before_hidden = arrays.Take<T>(sizes.rows), *reset_hidden = arrays.Take<T>(sizes.rows);
    T* input_grad = arrays.Take<T>(sizes.input_grad);
    if (d_input) input_grad = d_input->mutable_data<T>();
    const T* w = weight.data<T>();
    WalkBack<T>(context, batch, plan.products,
                {ViewOf(config, batch.device(), rows), 0, gates.data<T>(), hidden.data<T>(), DataOf<T>(h0),
                 d_hidden.data<T>(), input_grad, sums, gate_grad, candidate_grad, carry,
                 d_weight ? before_hidden : nullptr, d_weight ? reset_hidden : nullptr},
                w, arrays.rest());
    if (d_h0) {
      if (used) plan.products.gates.Run(context, used, gate_grad, w, sums, arrays.rest());
      cuda::ScatterStateGrads<T>(context, batch.device(), sequences, used, h, carry, sums, d_h0->mutable_data<T>());
    }
    if (d_bias) cuda::ColumnSums(context, rows, 3 * h, input_grad, d_bias->mutable_data<T>());
    if (!d_weight) return;
    T* to = d_weight->mutable_data<T>();
    plan.gate_weight.Run(context, before_hidden, input_grad, to, arrays.rest());
    plan.reset_weight.Run(context, reset_hidden, input_grad + 2 * h, to + 2 * h * h, arrays.rest());
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("gru", Prepare, Run),
    RegisterKernel("gru_grad", PrepareGrad, RunGrad),
};

}  // namespace
}  // namespace paddle
