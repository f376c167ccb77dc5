#include "paddle/math/lstm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "paddle/math/lstm.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "paddle/math/gates-inl.h"
#include "paddle/math/panel-inl.h"
#include "paddle/math/recurrent_team.h"
#include "paddle/math/sequence_batch.h"

HWY_BEFORE_NAMESPACE();
namespace paddle {
namespace HWY_NAMESPACE {

#include "paddle/math/lstm_cell-inl.h"

// Finishes tiles of one step: from sums h' W to gates, cell and hidden state.
template <class T, bool kPeepholes, class GateFn, class CellFn, class CandidateFn>
class LstmStep {
 public:
  using C = Computed<T>;
  LstmStep(const LstmConfig& config, const LstmForward<T>& args, const SequenceShare& share)
      : args_(args),
        share_(share),
        hidden_(config.hidden),
        gate_(config.gate),
        cell_(config.cell),
        candidate_(config.candidate) {}

  void SetStep(int64_t step) { step_ = step; }

  HWY_INLINE const T* Row(int64_t j) const { return Previous<T>(args_.hidden, args_.initial_hidden, j); }

  HWY_INLINE void Prefetch(int64_t panel, int64_t j) const {
    const T* input = args_.input + share_.row(j, step_) * 4 * hidden_ + panel * kLanes<T>;
    for (int g = 0; g < 4; ++g) hwy::Prefetch(input + g * hidden_);
  }

  void Finish(int64_t panel, int64_t j, int n, const C* sums) const {
    const Tag<T> d;
    using V = hn::Vec<decltype(d)>;
    const int64_t unit = panel * kLanes<T>, count = std::min(kLanes<T>, hidden_ - unit);
    V bias[7];
    for (int g = 0; g < (kPeepholes ? 7 : 4); ++g) bias[g] = LoadUnits(d, args_.bias + g * hidden_ + unit, count);
    for (int i = 0; i < n; ++i, sums += kPanelColumns<T>) {
      const int64_t row = share_.row(j + i, step_);
      const T* input = args_.input + row * 4 * hidden_ + unit;
      T* gates = args_.gates + row * 4 * hidden_ + unit;
      V x[4];
      for (int g = 0; g < 4; ++g)
        x[g] = hn::Add(hn::Add(LoadUnits(d, input + g * hidden_, count), bias[g]), hn::Load(d, sums + g * kLanes<T>));
      const C* previous = Previous<C>(args_.cell, args_.initial_cell, j + i);
      const V before = previous ? LoadUnits(d, previous + unit, count) : hn::Zero(d);
      const auto now = LstmCell<kPeepholes>(d, x, before, bias + 4, gate_, cell_, candidate_);
      StoreUnits(now.candidate, d, gates, count);
      StoreUnits(now.in, d, gates + hidden_, count);
      StoreUnits(now.forget, d, gates + 2 * hidden_, count);
      StoreUnits(now.out, d, gates + 3 * hidden_, count);
      StoreUnits(now.cell, d, args_.cell + row * hidden_ + unit, count);
      StoreUnits(now.hidden, d, args_.hidden + row * hidden_ + unit, count);
      if (args_.shown_cell) StoreUnits(now.shown, d, args_.shown_cell + row * hidden_ + unit, count);
    }
  }

 private:
  template <class S>
  HWY_INLINE const S* Previous(const S* states, const S* initial, int64_t j) const {
    if (step_ > 0) return states + share_.row(j, step_ - 1) * hidden_;
    return initial ? initial + share_.id(j) * hidden_ : nullptr;
  }

  const LstmForward<T>& args_;
  const SequenceShare& share_;
  const int64_t hidden_;
  int64_t step_ = 0;
  GateFn gate_;
  CellFn cell_;
  CandidateFn candidate_;
};

template <class Step, class T>
void WalkLstm(const LstmConfig& config, const Lod& lod, const LstmForward<T>& args, TeamPart& part) {
  const SequenceShare share(lod, config.reverse, part.share, part.shares, config.time_major);
  Step step(config, args, share);
  const int64_t panels = PanelCount<T>(config.hidden, 4);
  int64_t running = share.size();
  PanelLeft<T> left(running, config.hidden);
  for (int64_t t = 0; t < share.longest(); ++t) {
    running = share.Running(t, running);
    step.SetStep(t);
    const bool product = t > 0 || args.initial_hidden;
    PanelProduct<T>(args.packed, config.hidden, part.Begin(panels), part.End(panels), running, product ? running : 0,
                    left, step);
    part.Wait();
  }
}

template <bool kPeepholes, class T>
void LstmPart(const LstmConfig& config, const Lod& lod, const LstmForward<T>& args, TeamPart& part) {
  using Sigmoid = FixedGate<Gate::kSigmoid>;
  using Tanh = FixedGate<Gate::kTanh>;
  if (config.gate == Gate::kSigmoid && config.cell == Gate::kTanh && config.candidate == Gate::kTanh)
    WalkLstm<LstmStep<T, kPeepholes, Sigmoid, Tanh, Tanh>>(config, lod, args, part);
  else
    WalkLstm<LstmStep<T, kPeepholes, AnyGate, AnyGate, AnyGate>>(config, lod, args, part);
}

template <class T>
void LstmPart(const LstmConfig& config, const Lod& lod, const LstmForward<T>& args, TeamPart& part) {
  if (config.peepholes)
    LstmPart<true>(config, lod, args, part);
  else
    LstmPart<false>(config, lod, args, part);
}

void LstmPartFloat(const LstmConfig& config, const Lod& lod, const LstmForward<float>& args, TeamPart& part) {
  LstmPart(config, lod, args, part);
}
void LstmPartDouble(const LstmConfig& config, const Lod& lod, const LstmForward<double>& args, TeamPart& part) {
  LstmPart(config, lod, args, part);
}
void LstmPartBFloat16(const LstmConfig& config, const Lod& lod, const LstmForward<BFloat16>& args, TeamPart& part) {
  LstmPart(config, lod, args, part);
}

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paddle {

HWY_EXPORT(LstmPartFloat);
HWY_EXPORT(LstmPartDouble);
HWY_EXPORT(LstmPartBFloat16);

PanelShape LstmForwardPanels(int64_t hidden) {
  return {.k = hidden, .units = hidden, .gates = 4, .row_stride = 4 * hidden, .column_stride = 1};
}

template <class T>
void RunLstm(const LstmConfig& config, const Lod& lod, const LstmForward<T>& args) {
  const SequenceShare all(lod, config.reverse);
  if (all.size() == 0) return;
  const auto layout =
      LayoutTeam(NumThreads(), lod.rows(), all.longest(), 4 * config.hidden * config.hidden * sizeof(T));
  RunTeam(layout, [&](TeamPart& part) {
    if constexpr (std::is_same_v<T, float>)
      HWY_DYNAMIC_DISPATCH(LstmPartFloat)(config, lod, args, part);
    else if constexpr (std::is_same_v<T, double>)
      HWY_DYNAMIC_DISPATCH(LstmPartDouble)(config, lod, args, part);
    else
      HWY_DYNAMIC_DISPATCH(LstmPartBFloat16)(config, lod, args, part);
  });
}

template void RunLstm(const LstmConfig&, const Lod&, const LstmForward<float>&);
template void RunLstm(const LstmConfig&, const Lod&, const LstmForward<double>&);
template void RunLstm(const LstmConfig&, const Lod&, const LstmForward<BFloat16>&);

}  // namespace paddle
#endif
