#include "paddle/math/gru.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "paddle/math/gru.cc"
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

#include "paddle/math/gru_cell-inl.h"

// Where the values of one step are.
template <class T>
struct GruRows {
  const GruForward<T>& args;
  const SequenceShare& share;
  const int64_t hidden;
  int64_t step = 0;
  int64_t base = 0;  // row "by step" of the step's first sequence

  const T* Previous(int64_t j) const {
    if (step > 0) return args.hidden + share.row(j, step - 1) * hidden;
    return args.initial_hidden ? args.initial_hidden + share.id(j) * hidden : nullptr;
  }
  const T* Input(int64_t j) const { return args.input + share.row(j, step) * 3 * hidden; }
  T* Gates(int64_t j) const { return args.gates + (base + share.rank(j)) * 3 * hidden; }
  T* ResetHidden(int64_t j) const {
    return args.reset_hidden ? args.reset_hidden + (base + share.rank(j)) * hidden
                             : args.scratch + share.rank(j) * hidden;
  }
  template <class D>
  HWY_INLINE hn::Vec<D> Bias(D d, int gate, int64_t unit, int64_t count) const {
    return args.bias ? LoadUnits(d, args.bias + gate * hidden + unit, count) : hn::Zero(d);
  }
};

// Finishes the first product of a step, h' [W_u W_r]: both gates and r * h'.
template <class T, class GateFn>
struct GruGates {
  const T* Row(int64_t j) const { return rows.Previous(j); }

  void Prefetch(int64_t panel, int64_t j) const {
    const T* input = rows.Input(j) + panel * UnitVectors(2) * kLanes<T>;
    for (int v = 0; v < UnitVectors(2); ++v)
      for (int g = 0; g < 3; ++g) hwy::Prefetch(input + g * rows.hidden + v * kLanes<T>);
  }

  void Finish(int64_t panel, int64_t j, int n, const Computed<T>* sums) const {
    const Tag<T> d;
    using V = hn::Vec<decltype(d)>;
    for (int v = 0; v < UnitVectors(2); ++v, sums += 2 * kLanes<T>) {
      const int64_t unit = (panel * UnitVectors(2) + v) * kLanes<T>, count = std::min(kLanes<T>, rows.hidden - unit);
      if (count <= 0) return;
      const V update_bias = rows.Bias(d, 0, unit, count), reset_bias = rows.Bias(d, 1, unit, count);
      for (int i = 0; i < n; ++i) {
        const Computed<T>* sum = sums + i * kPanelColumns<T>;
        const T* input = rows.Input(j + i) + unit;
        const T* previous = rows.Previous(j + i);
        const V before = previous ? LoadUnits(d, previous + unit, count) : hn::Zero(d);
        const V update = gate.Value(d, hn::Add(hn::Add(LoadUnits(d, input, count), update_bias), hn::Load(d, sum)));
        const V reset = gate.Value(
            d, hn::Add(hn::Add(LoadUnits(d, input + rows.hidden, count), reset_bias), hn::Load(d, sum + kLanes<T>)));
        T* gates = rows.Gates(j + i) + unit;
        StoreUnits(update, d, gates, count);
        StoreUnits(reset, d, gates + rows.hidden, count);
        StoreUnits(hn::Mul(reset, before), d, rows.ResetHidden(j + i) + unit, count);
      }
    }
  }

  const GruRows<T>& rows;
  GateFn gate;
};

// Finishes the second, (r * h') W_c: the candidate and the hidden state.
template <class T, class CandidateFn>
struct GruState {
  const T* Row(int64_t j) const { return rows.ResetHidden(j); }
  void Prefetch(int64_t, int64_t) const {}

  void Finish(int64_t panel, int64_t j, int n, const Computed<T>* sums) const {
    for (int v = 0; v < kPanelVectors; ++v) {
      const int64_t unit = panel * kPanelColumns<T> + v * kLanes<T>, count = std::min(kLanes<T>, rows.hidden - unit);
      if (count > 0) FinishUnits(unit, count, j, n, sums + v * kLanes<T>);
    }
  }

  HWY_INLINE void FinishUnits(int64_t unit, int64_t count, int64_t j, int n, const Computed<T>* sums) const {
    const Tag<T> d;
    using V = hn::Vec<decltype(d)>;
    const V bias = rows.Bias(d, 2, unit, count);
    for (int i = 0; i < n; ++i, sums += kPanelColumns<T>) {
      const V input = LoadUnits(d, rows.Input(j + i) + 2 * rows.hidden + unit, count);
      T* gates = rows.Gates(j + i) + unit;
      const T* previous = rows.Previous(j + i);
      const V before = previous ? LoadUnits(d, previous + unit, count) : hn::Zero(d);
      const V now = candidate.Value(d, hn::Add(hn::Add(input, bias), hn::Load(d, sums)));
      const V update = LoadUnits(d, gates, count);
      const V hidden = GruHidden(origin_mode, update, now, before);
      StoreUnits(now, d, gates + 2 * rows.hidden, count);
      StoreUnits(hidden, d, rows.args.hidden + rows.share.row(j + i, rows.step) * rows.hidden + unit, count);
      if (rows.args.batch_hidden)
        StoreUnits(hidden, d, rows.args.batch_hidden + (rows.base + rows.share.rank(j + i)) * rows.hidden + unit,
                   count);
    }
  }

  const GruRows<T>& rows;
  CandidateFn candidate;
  bool origin_mode;
};

template <class GateFn, class CandidateFn, class T>
void WalkGru(const GruConfig& config, const Lod& lod, const GruForward<T>& args, TeamPart& part) {
  const SequenceShare all(lod, config.reverse), share(lod, config.reverse, part.share, part.shares);
  GruRows<T> rows{args, share, config.hidden};
  GruGates<T, GateFn> gates{rows, GateFn(config.gate)};
  GruState<T, CandidateFn> state{rows, CandidateFn(config.candidate), config.origin_mode};
  const int64_t gate_panels = PanelCount<T>(config.hidden, 2), state_panels = PanelCount<T>(config.hidden, 1);
  int64_t running = share.size(), all_running = all.size();
  PanelLeft<T> left(running, config.hidden);
  for (int64_t t = 0; t < share.longest(); ++t) {
    running = share.Running(t, running);
    all_running = all.Running(t, all_running);
    rows.step = t;
    const int64_t product = t > 0 || args.initial_hidden ? running : 0;
    PanelProduct<T>(args.packed.gates, config.hidden, part.Begin(gate_panels), part.End(gate_panels), running, product,
                    left, gates);
    part.Wait();
    PanelProduct<T>(args.packed.candidate, config.hidden, part.Begin(state_panels), part.End(state_panels), running,
                    product, left, state);
    part.Wait();
    rows.base += all_running;
  }
}

template <class T>
void GruPart(const GruConfig& config, const Lod& lod, const GruForward<T>& args, TeamPart& part) {
  if (config.gate == Gate::kSigmoid && config.candidate == Gate::kTanh)
    WalkGru<FixedGate<Gate::kSigmoid>, FixedGate<Gate::kTanh>>(config, lod, args, part);
  else
    WalkGru<AnyGate, AnyGate>(config, lod, args, part);
}

void GruPartFloat(const GruConfig& config, const Lod& lod, const GruForward<float>& args, TeamPart& part) {
  GruPart(config, lod, args, part);
}
void GruPartDouble(const GruConfig& config, const Lod& lod, const GruForward<double>& args, TeamPart& part) {
  GruPart(config, lod, args, part);
}
void GruPartBFloat16(const GruConfig& config, const Lod& lod, const GruForward<BFloat16>& args, TeamPart& part) {
  GruPart(config, lod, args, part);
}

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paddle {

HWY_EXPORT(GruPartFloat);
HWY_EXPORT(GruPartDouble);
HWY_EXPORT(GruPartBFloat16);

namespace {

PanelShape GatePanels(int64_t hidden, bool backward) {
  if (backward) return {.k = 2 * hidden, .units = hidden, .gates = 1, .row_stride = 1, .column_stride = 2 * hidden};
  return {.k = hidden, .units = hidden, .gates = 2, .row_stride = 2 * hidden, .column_stride = 1};
}
PanelShape CandidatePanels(int64_t hidden, bool backward) {
  if (backward) return {.k = hidden, .units = hidden, .gates = 1, .row_stride = 1, .column_stride = hidden};
  return {.k = hidden, .units = hidden, .gates = 1, .row_stride = hidden, .column_stride = 1};
}

}  // namespace

template <class T>
size_t GruPackedElements(int64_t hidden, bool backward) {
  return PanelElements<T>(GatePanels(hidden, backward)) + PanelElements<T>(CandidatePanels(hidden, backward));
}

template <class T>
GruPacked<T> PackGru(int64_t hidden, bool backward, const T* weight, T* packed) {
  T* candidate = packed + PanelElements<T>(GatePanels(hidden, backward));
  PackPanels(GatePanels(hidden, backward), weight, packed);
  PackPanels(CandidatePanels(hidden, backward), weight + 2 * hidden * hidden, candidate);
  return {packed, candidate};
}

template <class T>
void RunGru(const GruConfig& config, const Lod& lod, const GruForward<T>& args) {
  const SequenceShare all(lod, config.reverse);
  if (all.size() == 0) return;
  const auto layout =
      LayoutTeam(NumThreads(), lod.rows(), all.longest(), 3 * config.hidden * config.hidden * sizeof(T));
  RunTeam(layout, [&](TeamPart& part) {
    if constexpr (std::is_same_v<T, float>)
      HWY_DYNAMIC_DISPATCH(GruPartFloat)(config, lod, args, part);
    else if constexpr (std::is_same_v<T, double>)
      HWY_DYNAMIC_DISPATCH(GruPartDouble)(config, lod, args, part);
    else
      HWY_DYNAMIC_DISPATCH(GruPartBFloat16)(config, lod, args, part);
  });
}

template size_t GruPackedElements<float>(int64_t, bool);
template size_t GruPackedElements<double>(int64_t, bool);
template size_t GruPackedElements<BFloat16>(int64_t, bool);
template GruPacked<float> PackGru(int64_t, bool, const float*, float*);
template GruPacked<double> PackGru(int64_t, bool, const double*, double*);
template GruPacked<BFloat16> PackGru(int64_t, bool, const BFloat16*, BFloat16*);
template void RunGru(const GruConfig&, const Lod&, const GruForward<float>&);
template void RunGru(const GruConfig&, const Lod&, const GruForward<double>&);
template void RunGru(const GruConfig&, const Lod&, const GruForward<BFloat16>&);

}  // namespace paddle
#endif
