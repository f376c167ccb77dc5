#include "paddle/math/lstmp.h"

#include <algorithm>

#include "paddle/math/for_each.h"
#include "paddle/math/gate_map.h"
#include "paddle/math/gemm.h"
#include "paddle/math/sequence_batch.h"

namespace paddle {
namespace {

template <class F>
void ForRows(const LstmpConfig& config, int64_t rows, const F& f) {
  ForEachIndex(rows, std::max<int64_t>(1, math::kCostlyGrain / (4 * config.units + config.projected + 1)), f);
}

// Within [-limit, limit]; a limit that is not positive is none.
template <class T>
void Clip(float limit, T* x, int64_t n) {
  if (!(limit > 0)) return;
  const T most = limit;
  math::MapSerial([most](T value) { return math::Min(math::Max(value, -most), most); }, x, x, n);
}

// x = `row` of `rows`, or zero where those are null.
template <class T>
void CopyRow(const T* rows, int64_t row, T* x, int64_t n) {
  if (rows)
    std::copy(rows + row * n, rows + (row + 1) * n, x);
  else
    std::fill(x, x + n, T{0});
}

// Turns the sums in a row's gates into gates, cell and hidden state. `cell`: before, then after the step; `shown`: null
// or what becomes of cell(c).
template <class T>
void FinishUnits(const LstmpConfig& config, const T* peepholes, T* gates, T* cell, T* hidden, T* shown) {
  const int64_t d = config.units;
  T *candidate = gates, *in = gates + d, *forget = gates + 2 * d, *out = gates + 3 * d;
  const auto add_peephole = [=, &config](int gate, T* sum) {
    for (int64_t i = 0; i < d && config.peepholes; ++i) sum[i] += peepholes[gate * d + i] * cell[i];
  };
  add_peephole(0, in);
  add_peephole(1, forget);
  ApplyGate(config.candidate, candidate, d);
  ApplyGate(config.gate, in, 2 * d);
  for (int64_t i = 0; i < d; ++i) cell[i] = forget[i] * cell[i] + in[i] * candidate[i];
  Clip(config.cell_clip, cell, d);
  add_peephole(2, out);
  ApplyGate(config.gate, out, d);
  std::copy(cell, cell + d, hidden);
  ApplyGate(config.cell, hidden, d);
  if (shown) std::copy(hidden, hidden + d, shown);
  for (int64_t i = 0; i < d; ++i) hidden[i] *= out[i];
}

}  // namespace

template <class T>
void RunLstmp(const LstmpConfig& config, const Lod& lod, const LstmpForward<T>& args) {
  const SequenceShare all(lod, config.reverse);
  const int64_t d = config.units, p = config.projected;
  T *projections = args.scratch, *cells = projections + all.size() * p;  // of the step before, longest sequence first
  for (int64_t j = 0; j < all.size(); ++j) {
    CopyRow(args.initial_projection, all.id(j), projections + j * p, p);
    CopyRow(args.initial_cell, all.id(j), cells + j * d, d);
  }
  T *gates = args.gates, *hidden = args.hidden, *shown = args.shown_cell;
  int64_t running = all.size();
  for (int64_t t = 0; t < all.longest(); ++t) {
    running = all.Running(t, running);
    ForRows(config, running, [&](int64_t j) {
      const T* input = args.input + all.row(j, t) * 4 * d;
      for (int64_t i = 0; i < 4 * d; ++i) gates[j * 4 * d + i] = input[i] + args.bias[i];
    });
    if (t > 0 || args.initial_projection)
      Gemm<T>({.m = running, .n = 4 * d, .k = p}, T{1}, projections, args.weight, T{1}, gates);
    ForRows(config, running, [&](int64_t j) {
      T* cell = cells + j * d;
      FinishUnits(config, args.bias + 4 * d, gates + j * 4 * d, cell, hidden + j * d, shown ? shown + j * d : nullptr);
      std::copy(cell, cell + d, args.cell + all.row(j, t) * d);
    });
    Gemm<T>({.m = running, .n = p, .k = d}, T{1}, hidden, args.projection_weight, T{0}, projections);
    ForRows(config, running, [&](int64_t j) {
      T* projection = projections + j * p;
      ApplyGate(config.projection, projection, p);
      Clip(config.projection_clip, projection, p);
      std::copy(projection, projection + p, args.projection + all.row(j, t) * p);
    });
    gates += running * 4 * d;
    hidden += running * d;
    if (shown) shown += running * d;
  }
}

template void RunLstmp(const LstmpConfig&, const Lod&, const LstmpForward<float>&);
template void RunLstmp(const LstmpConfig&, const Lod&, const LstmpForward<double>&);

}  // namespace paddle
