#include "paddle/math/gru.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "paddle/math/gru_grad.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "paddle/math/gates-inl.h"
#include "paddle/math/gemm.h"
#include "paddle/math/panel-inl.h"
#include "paddle/math/recurrent_team.h"
#include "paddle/math/recurrent_weight_grad.h"
#include "paddle/math/sequence_batch.h"

HWY_BEFORE_NAMESPACE();
namespace paddle {
namespace HWY_NAMESPACE {

#include "paddle/math/gru_cell-inl.h"

// Where the values of one step are.
template <class T>
struct GruGradRows {
  const GruBackward<T>& args;
  const SequenceShare& share;
  const int64_t hidden;
  Computed<T>* carry;      // [B, hidden] by sequence: gradient of h' so far
  Computed<T>* bias_sums;  // [3 hidden] over the share's rows
  T* reset_hidden;         // [R, hidden] r * h' in the order of the LoD
  int64_t step = 0;
  int64_t base = 0;       // row "by step" of the step's first sequence
  int64_t continued = 0;  // number of sequences that have a step behind this one

  const T* Previous(int64_t j) const {
    if (step > 0) return args.hidden + share.row(j, step - 1) * hidden;
    return args.initial_hidden ? args.initial_hidden + share.id(j) * hidden : nullptr;
  }
  const T* Gates(int64_t j) const {
    return args.gates + (args.gates_by_row ? share.row(j, step) : base + share.rank(j)) * 3 * hidden;
  }
  T* Grads(int64_t j, int64_t at) const { return args.input_grad + share.row(j, at) * 3 * hidden; }
  Computed<T>* Carry(int64_t j) const { return carry + share.id(j) * hidden; }
  template <class D>
  HWY_INLINE void AddBias(D d, int gate, int64_t unit, int64_t count, hn::Vec<D> total) const {
    if (!args.bias_grad) return;
    Computed<T>* sum = bias_sums + gate * hidden + unit;
    StoreUnits(hn::Add(LoadUnits(d, sum, count), total), d, sum, count);
  }
};

// Finishes the product of the step behind's update and reset gradients: the hidden state's gradient, and from it those
// of the update gate, the candidate and, in part, h'.
template <class T, class GateFn, class CandidateFn>
struct GruStateGrad {
  const T* Row(int64_t j) const { return rows.Grads(j, rows.step + 1); }

  void Prefetch(int64_t panel, int64_t j) const {
    const int64_t unit = panel * kPanelColumns<T>;
    const T* gates = rows.Gates(j) + unit;
    for (int v = 0; v < kPanelVectors; ++v) {
      hwy::Prefetch(gates + v * kLanes<T>);
      hwy::Prefetch(gates + 2 * rows.hidden + v * kLanes<T>);
      if (rows.args.hidden_grad)
        hwy::Prefetch(rows.args.hidden_grad + rows.share.row(j, rows.step) * rows.hidden + unit + v * kLanes<T>);
    }
  }

  void Finish(int64_t panel, int64_t j, int n, const Computed<T>* sums) const {
    for (int v = 0; v < kPanelVectors; ++v) {
      const int64_t unit = panel * kPanelColumns<T> + v * kLanes<T>, count = std::min(kLanes<T>, rows.hidden - unit);
      if (count > 0) FinishUnits(unit, count, j, n, sums + v * kLanes<T>);
    }
  }

  HWY_INLINE void FinishUnits(int64_t unit, int64_t count, int64_t j, int n, const Computed<T>* sums) const {
    const Tag<T> d;
    using V = hn::Vec<decltype(d)>;
    V update_total = hn::Zero(d), candidate_total = hn::Zero(d);
    for (int i = 0; i < n; ++i, sums += kPanelColumns<T>) {
      Computed<T>* carry = rows.Carry(j + i) + unit;
      V hidden_grad = hn::Load(d, sums);
      if (j + i < rows.continued) hidden_grad = hn::Add(hidden_grad, LoadUnits(d, carry, count));
      if (rows.args.hidden_grad)
        hidden_grad =
            hn::Add(hidden_grad,
                    LoadUnits(d, rows.args.hidden_grad + rows.share.row(j + i, rows.step) * rows.hidden + unit, count));
      const T* gates = rows.Gates(j + i) + unit;
      const T* previous = rows.Previous(j + i);
      const V before = previous ? LoadUnits(d, previous + unit, count) : hn::Zero(d);
      const V update = LoadUnits(d, gates, count), now = LoadUnits(d, gates + 2 * rows.hidden, count);
      const auto grad = GruHiddenGrad(d, origin_mode, update, now, before, hidden_grad, gate, candidate);
      T* grads = rows.Grads(j + i, rows.step) + unit;
      StoreUnits(grad.update, d, grads, count);
      StoreUnits(grad.candidate, d, grads + 2 * rows.hidden, count);
      StoreUnits(grad.before, d, carry, count);
      update_total = hn::Add(update_total, grad.update);
      candidate_total = hn::Add(candidate_total, grad.candidate);
    }
    rows.AddBias(d, 0, unit, count, update_total);
    rows.AddBias(d, 2, unit, count, candidate_total);
  }

  const GruGradRows<T>& rows;
  GateFn gate;
  CandidateFn candidate;
  bool origin_mode;
};

// Finishes the product of the candidate's gradients, the gradient of r * h': those of the reset gate and, in part, h'.
template <class T, class GateFn>
struct GruResetGrad {
  const T* Row(int64_t j) const { return rows.Grads(j, rows.step) + 2 * rows.hidden; }
  void Prefetch(int64_t panel, int64_t j) const {
    for (int v = 0; v < kPanelVectors; ++v)
      hwy::Prefetch(rows.Gates(j) + rows.hidden + panel * kPanelColumns<T> + v * kLanes<T>);
  }

  void Finish(int64_t panel, int64_t j, int n, const Computed<T>* sums) const {
    for (int v = 0; v < kPanelVectors; ++v) {
      const int64_t unit = panel * kPanelColumns<T> + v * kLanes<T>, count = std::min(kLanes<T>, rows.hidden - unit);
      if (count > 0) FinishUnits(unit, count, j, n, sums + v * kLanes<T>);
    }
  }

  HWY_INLINE void FinishUnits(int64_t unit, int64_t count, int64_t j, int n, const Computed<T>* sums) const {
    const Tag<T> d;
    using V = hn::Vec<decltype(d)>;
    V total = hn::Zero(d);
    for (int i = 0; i < n; ++i, sums += kPanelColumns<T>) {
      const V grad = hn::Load(d, sums), reset = LoadUnits(d, rows.Gates(j + i) + rows.hidden + unit, count);
      const T* previous = rows.Previous(j + i);
      const V before = previous ? LoadUnits(d, previous + unit, count) : hn::Zero(d);
      const V reset_grad = gate.Backward(d, reset, hn::Mul(grad, before));
      StoreUnits(reset_grad, d, rows.Grads(j + i, rows.step) + rows.hidden + unit, count);
      Computed<T>* carry = rows.Carry(j + i) + unit;
      StoreUnits(hn::MulAdd(grad, reset, LoadUnits(d, carry, count)), d, carry, count);
      if (rows.reset_hidden)
        StoreUnits(hn::Mul(reset, before), d, rows.reset_hidden + rows.share.row(j + i, rows.step) * rows.hidden + unit,
                   count);
      total = hn::Add(total, reset_grad);
    }
    rows.AddBias(d, 1, unit, count, total);
  }

  const GruGradRows<T>& rows;
  GateFn gate;
};

// The gradient of the hidden state before the first step, added to what the carry holds.
template <class T>
struct GruInitialGrad {
  const T* Row(int64_t j) const { return rows.Grads(j, 0); }
  void Prefetch(int64_t, int64_t) const {}
  void Finish(int64_t panel, int64_t j, int n, const Computed<T>* sums) const {
    const int64_t unit = panel * kPanelColumns<T>, count = std::min(kPanelColumns<T>, rows.hidden - unit);
    for (int i = 0; i < n; ++i, sums += kPanelColumns<T>)
      for (int64_t u = 0; u < count; ++u) rows.Carry(j + i)[unit + u] += sums[u];
  }

  const GruGradRows<T>& rows;
};

template <class GateFn, class CandidateFn, class T>
void WalkGruGrad(const GruConfig& config, const Lod& lod, const GruBackward<T>& args, Computed<T>* carry,
                 Computed<T>* bias_sums, T* reset_hidden, TeamPart& part) {
  const SequenceShare all(lod, config.reverse), share(lod, config.reverse, part.share, part.shares);
  GruGradRows<T> rows{args, share, config.hidden, carry, bias_sums, reset_hidden, 0, lod.rows(), 0};
  GruStateGrad<T, GateFn, CandidateFn> state{rows, GateFn(config.gate), CandidateFn(config.candidate),
                                             config.origin_mode};
  GruResetGrad<T, GateFn> reset{rows, GateFn(config.gate)};
  const int64_t panels = PanelCount<T>(config.hidden, 1), first = part.Begin(panels), last = part.End(panels);
  PanelLeft<T> left(share.size(), 2 * config.hidden);
  int64_t running = 0, all_running = 0;
  for (int64_t t = all.longest() - 1; t >= 0; --t) {
    all_running = all.Running(t, all_running);
    rows.base -= all_running;
    if (t >= share.longest()) continue;
    rows.continued = running;
    running = share.Running(t, running);
    rows.step = t;
    PanelProduct<T>(args.packed.gates, 2 * config.hidden, first, last, running, rows.continued, left, state);
    part.Wait();
    const bool product = t > 0 || args.initial_hidden;
    PanelProduct<T>(args.packed.candidate, config.hidden, first, last, running, product ? running : 0, left, reset);
    part.Wait();
  }
  if (!args.initial_hidden_grad) return;
  GruInitialGrad<T> initial{rows};
  PanelProduct<T>(args.packed.gates, 2 * config.hidden, first, last, share.size(), share.size(), left, initial);
}

template <class T>
void GruGradPart(const GruConfig& config, const Lod& lod, const GruBackward<T>& args, Computed<T>* carry,
                 Computed<T>* bias_sums, T* reset_hidden, TeamPart& part) {
  if (config.gate == Gate::kSigmoid && config.candidate == Gate::kTanh)
    WalkGruGrad<FixedGate<Gate::kSigmoid>, FixedGate<Gate::kTanh>>(config, lod, args, carry, bias_sums, reset_hidden,
                                                                   part);
  else
    WalkGruGrad<AnyGate, AnyGate>(config, lod, args, carry, bias_sums, reset_hidden, part);
}

void GruGradPartFloat(const GruConfig& config, const Lod& lod, const GruBackward<float>& args, float* carry,
                      float* bias_sums, float* reset_hidden, TeamPart& part) {
  GruGradPart(config, lod, args, carry, bias_sums, reset_hidden, part);
}
void GruGradPartDouble(const GruConfig& config, const Lod& lod, const GruBackward<double>& args, double* carry,
                       double* bias_sums, double* reset_hidden, TeamPart& part) {
  GruGradPart(config, lod, args, carry, bias_sums, reset_hidden, part);
}
void GruGradPartBFloat16(const GruConfig& config, const Lod& lod, const GruBackward<BFloat16>& args, float* carry,
                         float* bias_sums, BFloat16* reset_hidden, TeamPart& part) {
  GruGradPart(config, lod, args, carry, bias_sums, reset_hidden, part);
}

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paddle {

HWY_EXPORT(GruGradPartFloat);
HWY_EXPORT(GruGradPartDouble);
HWY_EXPORT(GruGradPartBFloat16);

namespace {

// Elements of the computed part of the scratch: the carry and the threads' sums for the bias.
int64_t ComputedScratch(const GruConfig& config, int64_t sequences) {
  return (sequences + 3 * NumThreads()) * config.hidden;
}

}  // namespace

template <class T>
size_t GruBackwardScratch(const GruConfig& config, int64_t rows, int64_t sequences) {
  return ComputedScratch(config, sequences) * sizeof(Computed<T>) + (sequences * 2 + rows) * config.hidden * sizeof(T);
}

template <class T>
void RunGruGrad(const GruConfig& config, const Lod& lod, const GruBackward<T>& args) {
  using C = Computed<T>;
  const int64_t hidden = config.hidden, rows = lod.rows(), sequences = static_cast<int64_t>(lod.last().size()) - 1;
  const SequenceShare all(lod, config.reverse);
  C* scratch = reinterpret_cast<C*>(args.scratch);
  C* carry = scratch;
  if constexpr (std::is_same_v<T, C>)
    if (args.initial_hidden_grad) carry = args.initial_hidden_grad;
  C* bias_sums = scratch + sequences * hidden;
  T* first_rows = reinterpret_cast<T*>(scratch + ComputedScratch(config, sequences));
  T* reset_hidden = args.weight_grad ? first_rows + sequences * 2 * hidden : nullptr;
  const auto layout = LayoutTeam(NumThreads(), rows, all.longest(), 3 * hidden * hidden * sizeof(T));
  if (args.bias_grad) std::fill(bias_sums, bias_sums + layout.shares * 3 * hidden, C{0});
  if (args.initial_hidden_grad) std::fill(carry, carry + sequences * hidden, C{0});
  RunTeam(layout, [&](TeamPart& part) {
    C* sums = bias_sums + part.share * 3 * hidden;
    if constexpr (std::is_same_v<T, float>)
      HWY_DYNAMIC_DISPATCH(GruGradPartFloat)(config, lod, args, carry, sums, reset_hidden, part);
    else if constexpr (std::is_same_v<T, double>)
      HWY_DYNAMIC_DISPATCH(GruGradPartDouble)(config, lod, args, carry, sums, reset_hidden, part);
    else
      HWY_DYNAMIC_DISPATCH(GruGradPartBFloat16)(config, lod, args, carry, sums, reset_hidden, part);
  });
  if constexpr (!std::is_same_v<T, C>)
    if (args.initial_hidden_grad) std::transform(carry, carry + sequences * hidden, args.initial_hidden_grad, Kept<T>);
  if (args.bias_grad)
    for (int64_t i = 0; i < 3 * hidden; ++i) {
      C sum = 0;
      for (int share = 0; share < layout.shares; ++share) sum += bias_sums[share * 3 * hidden + i];
      args.bias_grad[i] = sum;
    }
  if (!args.weight_grad) return;
  RunRecurrentWeightGrad<T>(lod, config.reverse,
                            {.hidden = hidden,
                             .columns = 2 * hidden,
                             .states = args.hidden,
                             .initial = args.initial_hidden,
                             .grads = args.input_grad,
                             .grads_stride = 3 * hidden,
                             .out = args.weight_grad,
                             .scratch = first_rows});
  Gemm<T>({.m = hidden, .n = hidden, .k = rows, .trans_a = true, .ldb = 3 * hidden}, 1, reset_hidden,
          args.input_grad + 2 * hidden, 0, args.weight_grad + 2 * hidden * hidden);
}

template size_t GruBackwardScratch<float>(const GruConfig&, int64_t, int64_t);
template size_t GruBackwardScratch<double>(const GruConfig&, int64_t, int64_t);
template size_t GruBackwardScratch<BFloat16>(const GruConfig&, int64_t, int64_t);
template void RunGruGrad(const GruConfig&, const Lod&, const GruBackward<float>&);
template void RunGruGrad(const GruConfig&, const Lod&, const GruBackward<double>&);
template void RunGruGrad(const GruConfig&, const Lod&, const GruBackward<BFloat16>&);

}  // namespace paddle
#endif
