#include "paddle/math/lstm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "paddle/math/lstm_grad.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "paddle/math/gates-inl.h"
#include "paddle/math/panel-inl.h"
#include "paddle/math/recurrent_team.h"
#include "paddle/math/recurrent_weight_grad.h"
#include "paddle/math/sequence_batch.h"

HWY_BEFORE_NAMESPACE();
namespace paddle {
namespace HWY_NAMESPACE {

#include "paddle/math/lstm_cell-inl.h"

// Finishes tiles of one step: from the hidden state's gradient (sums over the step behind's gate gradients) to this
// step's gate gradients. `carry` [B, H] by sequence: the cell's gradient from the step behind; `bias_sums`: of the
// share's rows.
template <class T, bool kPeepholes, class GateFn, class CellFn, class CandidateFn>
class LstmGradStep {
 public:
  using C = Computed<T>;

  LstmGradStep(const LstmConfig& config, const LstmBackward<T>& args, C* carry, C* bias_sums,
               const SequenceShare& share)
      : args_(args),
        carry_(carry),
        bias_sums_(bias_sums),
        share_(share),
        hidden_(config.hidden),
        gate_(config.gate),
        cell_(config.cell),
        candidate_(config.candidate) {}

  // `continued`: the number of sequences that have a step behind this one.
  void SetStep(int64_t step, int64_t continued) {
    step_ = step;
    continued_ = continued;
  }

  HWY_INLINE const T* Row(int64_t j) const { return args_.input_grad + share_.row(j, step_ + 1) * 4 * hidden_; }

  HWY_INLINE void Prefetch(int64_t panel, int64_t j) const {
    const int64_t row = share_.row(j, step_), unit = panel * kPanelColumns<T>;
    const C* previous = PreviousCell(j);  // the cell itself was read a step ago, as the previous one
    for (int v = 0; v < kPanelVectors; ++v) {
      const int64_t at = unit + v * kLanes<T>;
      for (int g = 0; g < 4; ++g) hwy::Prefetch(args_.gates + (row * 4 + g) * hidden_ + at);
      if (previous) hwy::Prefetch(previous + at);
      if (args_.hidden_grad) hwy::Prefetch(args_.hidden_grad + row * hidden_ + at);
    }
  }

  void Finish(int64_t panel, int64_t j, int n, const C* sums) const {
    for (int v = 0; v < kPanelVectors; ++v) {
      const int64_t unit = panel * kPanelColumns<T> + v * kLanes<T>, count = std::min(kLanes<T>, hidden_ - unit);
      if (count > 0) FinishUnits(unit, count, j, n, sums + v * kLanes<T>);
    }
  }

 private:
  using D = Tag<T>;
  using V = hn::Vec<D>;

  HWY_INLINE const C* PreviousCell(int64_t j) const {
    if (step_ > 0) return args_.cell + share_.row(j, step_ - 1) * hidden_;
    return args_.initial_cell ? args_.initial_cell + share_.id(j) * hidden_ : nullptr;
  }

  HWY_INLINE void FinishUnits(int64_t unit, int64_t count, int64_t j, int n, const C* sums) const {
    const D d;
    V peephole[3], total[7];
    for (int g = 0; g < 7; ++g) total[g] = hn::Zero(d);
    if constexpr (kPeepholes)
      for (int g = 0; g < 3; ++g) peephole[g] = LoadUnits(d, args_.bias + (4 + g) * hidden_ + unit, count);
    for (int i = 0; i < n; ++i, sums += kPanelColumns<T>) {
      const int64_t row = share_.row(j + i, step_), at = row * hidden_ + unit;
      const T* gates = args_.gates + row * 4 * hidden_ + unit;
      T* grads = args_.input_grad + row * 4 * hidden_ + unit;
      V gate[4];
      for (int g = 0; g < 4; ++g) gate[g] = LoadUnits(d, gates + g * hidden_, count);
      const V cell = LoadUnits(d, args_.cell + at, count);
      const C* previous = PreviousCell(j + i);
      const V before = previous ? LoadUnits(d, previous + unit, count) : hn::Zero(d);
      C* carry = carry_ + share_.id(j + i) * hidden_ + unit;
      V hidden_grad = hn::Load(d, sums);
      if (args_.hidden_grad) hidden_grad = hn::Add(hidden_grad, LoadUnits(d, args_.hidden_grad + at, count));
      V cell_grad = j + i < continued_ ? LoadUnits(d, carry, count) : hn::Zero(d);
      if (args_.cell_grad) cell_grad = hn::Add(cell_grad, LoadUnits(d, args_.cell_grad + at, count));
      const auto grad =
          LstmCellGrad<kPeepholes>(d, gate, cell, before, hidden_grad, cell_grad, peephole, gate_, cell_, candidate_);
      if constexpr (kPeepholes) {
        total[4] = hn::MulAdd(grad.in, before, total[4]);
        total[5] = hn::MulAdd(grad.forget, before, total[5]);
        total[6] = hn::MulAdd(grad.out, cell, total[6]);
      }
      StoreUnits(grad.before, d, carry, count);
      StoreUnits(grad.candidate, d, grads, count);
      StoreUnits(grad.in, d, grads + hidden_, count);
      StoreUnits(grad.forget, d, grads + 2 * hidden_, count);
      StoreUnits(grad.out, d, grads + 3 * hidden_, count);
      total[0] = hn::Add(total[0], grad.candidate);
      total[1] = hn::Add(total[1], grad.in);
      total[2] = hn::Add(total[2], grad.forget);
      total[3] = hn::Add(total[3], grad.out);
    }
    if (!args_.bias_grad) return;
    for (int g = 0; g < (kPeepholes ? 7 : 4); ++g) {
      C* sum = bias_sums_ + g * hidden_ + unit;
      StoreUnits(hn::Add(LoadUnits(d, sum, count), total[g]), d, sum, count);
    }
  }

  const LstmBackward<T>& args_;
  C* const carry_;
  C* const bias_sums_;
  const SequenceShare& share_;
  const int64_t hidden_;
  int64_t step_ = 0, continued_ = 0;
  GateFn gate_;
  CellFn cell_;
  CandidateFn candidate_;
};

// The gradient of the hidden state before the first step.
template <class T>
struct InitialHiddenGrad {
  const T* Row(int64_t j) const { return args.input_grad + share.row(j, 0) * 4 * hidden; }
  void Prefetch(int64_t, int64_t) const {}
  void Finish(int64_t panel, int64_t j, int n, const Computed<T>* sums) const {
    const int64_t unit = panel * kPanelColumns<T>, count = std::min(kPanelColumns<T>, hidden - unit);
    for (int i = 0; i < n; ++i, sums += kPanelColumns<T>)
      std::transform(sums, sums + count, args.initial_hidden_grad + share.id(j + i) * hidden + unit, Kept<T>);
  }

  const LstmBackward<T>& args;
  const SequenceShare& share;
  const int64_t hidden;
};

template <class Step, class T>
void WalkLstmGrad(const LstmConfig& config, const Lod& lod, const LstmBackward<T>& args, Computed<T>* carry,
                  Computed<T>* bias_sums, TeamPart& part) {
  const SequenceShare share(lod, config.reverse, part.share, part.shares, config.time_major);
  Step step(config, args, carry, bias_sums, share);
  const int64_t panels = PanelCount<T>(config.hidden, 1), first = part.Begin(panels), last = part.End(panels);
  PanelLeft<T> left(share.size(), 4 * config.hidden);
  int64_t running = 0;
  for (int64_t t = share.longest() - 1; t >= 0; --t) {
    const int64_t continued = running;
    running = share.Running(t, running);
    step.SetStep(t, continued);
    PanelProduct<T>(args.packed, 4 * config.hidden, first, last, running, continued, left, step);
    part.Wait();
  }
  if (!args.initial_hidden_grad) return;
  InitialHiddenGrad<T> initial{args, share, config.hidden};
  PanelProduct<T>(args.packed, 4 * config.hidden, first, last, share.size(), share.size(), left, initial);
}

template <bool kPeepholes, class T>
void LstmGradPart(const LstmConfig& config, const Lod& lod, const LstmBackward<T>& args, Computed<T>* carry,
                  Computed<T>* bias_sums, TeamPart& part) {
  using Sigmoid = FixedGate<Gate::kSigmoid>;
  using Tanh = FixedGate<Gate::kTanh>;
  if (config.gate == Gate::kSigmoid && config.cell == Gate::kTanh && config.candidate == Gate::kTanh)
    WalkLstmGrad<LstmGradStep<T, kPeepholes, Sigmoid, Tanh, Tanh>>(config, lod, args, carry, bias_sums, part);
  else
    WalkLstmGrad<LstmGradStep<T, kPeepholes, AnyGate, AnyGate, AnyGate>>(config, lod, args, carry, bias_sums, part);
}

template <class T>
void LstmGradPart(const LstmConfig& config, const Lod& lod, const LstmBackward<T>& args, Computed<T>* carry,
                  Computed<T>* bias_sums, TeamPart& part) {
  if (config.peepholes)
    LstmGradPart<true>(config, lod, args, carry, bias_sums, part);
  else
    LstmGradPart<false>(config, lod, args, carry, bias_sums, part);
}

void LstmGradPartFloat(const LstmConfig& config, const Lod& lod, const LstmBackward<float>& args, float* carry,
                       float* bias_sums, TeamPart& part) {
  LstmGradPart(config, lod, args, carry, bias_sums, part);
}
void LstmGradPartDouble(const LstmConfig& config, const Lod& lod, const LstmBackward<double>& args, double* carry,
                        double* bias_sums, TeamPart& part) {
  LstmGradPart(config, lod, args, carry, bias_sums, part);
}
void LstmGradPartBFloat16(const LstmConfig& config, const Lod& lod, const LstmBackward<BFloat16>& args, float* carry,
                          float* bias_sums, TeamPart& part) {
  LstmGradPart(config, lod, args, carry, bias_sums, part);
}

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paddle {

HWY_EXPORT(LstmGradPartFloat);
HWY_EXPORT(LstmGradPartDouble);
HWY_EXPORT(LstmGradPartBFloat16);

PanelShape LstmBackwardPanels(int64_t hidden) {
  return {.k = 4 * hidden, .units = hidden, .gates = 1, .row_stride = 1, .column_stride = 4 * hidden};
}

namespace {

int64_t BiasSize(const LstmConfig& config) { return (config.peepholes ? 7 : 4) * config.hidden; }

// Elements of the computed part of the scratch: the carry and the threads' sums for the bias.
int64_t ComputedScratch(const LstmConfig& config, int64_t sequences) {
  return (sequences + 7 * NumThreads()) * config.hidden;
}

}  // namespace

template <class T>
size_t LstmBackwardScratch(const LstmConfig& config, int64_t sequences) {
  return ComputedScratch(config, sequences) * sizeof(Computed<T>) + sequences * 4 * config.hidden * sizeof(T);
}

template <class T>
void RunLstmGrad(const LstmConfig& config, const Lod& lod, const LstmBackward<T>& args) {
  using C = Computed<T>;
  const int64_t hidden = config.hidden, sequences = static_cast<int64_t>(lod.last().size()) - 1,
                bias_size = BiasSize(config);
  const SequenceShare all(lod, config.reverse);
  C* scratch = reinterpret_cast<C*>(args.scratch);
  C* cell_grad = args.initial_cell_grad ? args.initial_cell_grad : scratch;
  C* bias_sums = scratch + sequences * hidden;
  T* first_rows = reinterpret_cast<T*>(scratch + ComputedScratch(config, sequences));
  const auto layout = LayoutTeam(NumThreads(), lod.rows(), all.longest(), 4 * hidden * hidden * sizeof(T));
  if (args.bias_grad) std::fill(bias_sums, bias_sums + layout.shares * bias_size, C{0});
  if (args.initial_cell_grad) std::fill(cell_grad, cell_grad + sequences * hidden, C{0});
  if (args.initial_hidden_grad) std::fill(args.initial_hidden_grad, args.initial_hidden_grad + sequences * hidden, T{});
  RunTeam(layout, [&](TeamPart& part) {
    C* sums = bias_sums + part.share * bias_size;
    if constexpr (std::is_same_v<T, float>)
      HWY_DYNAMIC_DISPATCH(LstmGradPartFloat)(config, lod, args, cell_grad, sums, part);
    else if constexpr (std::is_same_v<T, double>)
      HWY_DYNAMIC_DISPATCH(LstmGradPartDouble)(config, lod, args, cell_grad, sums, part);
    else
      HWY_DYNAMIC_DISPATCH(LstmGradPartBFloat16)(config, lod, args, cell_grad, sums, part);
  });
  if (args.bias_grad)
    for (int64_t i = 0; i < bias_size; ++i) {
      C sum = 0;
      for (int share = 0; share < layout.shares; ++share) sum += bias_sums[share * bias_size + i];
      args.bias_grad[i] = sum;
    }
  if (args.weight_grad)
    RunRecurrentWeightGrad<T>(lod, config.reverse,
                              {.hidden = hidden,
                               .columns = 4 * hidden,
                               .time_major = config.time_major,
                               .states = args.hidden,
                               .initial = args.initial_hidden,
                               .grads = args.input_grad,
                               .grads_stride = 4 * hidden,
                               .out = args.weight_grad,
                               .scratch = first_rows});
}

template size_t LstmBackwardScratch<float>(const LstmConfig&, int64_t);
template size_t LstmBackwardScratch<double>(const LstmConfig&, int64_t);
template size_t LstmBackwardScratch<BFloat16>(const LstmConfig&, int64_t);
template void RunLstmGrad(const LstmConfig&, const Lod&, const LstmBackward<float>&);
template void RunLstmGrad(const LstmConfig&, const Lod&, const LstmBackward<double>&);
template void RunLstmGrad(const LstmConfig&, const Lod&, const LstmBackward<BFloat16>&);

}  // namespace paddle
#endif
