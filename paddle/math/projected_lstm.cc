#include "paddle/math/projected_lstm.h"

#include "paddle/math/panel.h"

namespace paddle {
namespace {

int64_t BiasSize(const LstmConfig& config) { return (config.peepholes ? 7 : 4) * config.hidden; }

// Room for what both passes have of one chunk.
template <class T>
struct Chunk {
  using C = Computed<T>;
  T *packed, *x, *gates, *hidden;
  C *cell, *initial_cell;
  SummedBias<T> bias;

  Chunk(ScratchParts* parts, const LstmConfig& config, int64_t width, const Lod& lod)
      : packed(parts->Take<T>(static_cast<int64_t>(PanelElements<T>(LstmForwardPanels(config.hidden))))),
        x(parts->Take<T>(MostChunkRows(lod) * width)),
        gates(parts->Take<T>(MostChunkRows(lod) * 4 * config.hidden)),
        hidden(parts->Take<T>(MostChunkRows(lod) * config.hidden)),
        cell(parts->Take<C>(MostChunkRows(lod) * config.hidden)),
        initial_cell(parts->Take<C>(lod.last_sequences() * config.hidden)),
        bias(parts, BiasSize(config), 4 * config.hidden) {}
};

template <class T>
struct ForwardChunk : Chunk<T> {
  T* initial_hidden;

  ForwardChunk(ScratchParts* parts, const LstmConfig& config, int64_t width, const Lod& lod)
      : Chunk<T>(parts, config, width, lod), initial_hidden(parts->Take<T>(lod.last_sequences() * config.hidden)) {}
};

template <class T>
struct BackwardChunk : Chunk<T> {
  using C = Computed<T>;
  T *packed_back, *before_hidden, *later_hidden_grad;
  C *before_cell, *cell_grad, *later_cell_grad;
  WeightGradSum<T> x_weight, weight;
  BiasGradSum<T> bias_grad;
  std::byte* walk;

  BackwardChunk(ScratchParts* parts, const LstmConfig& config, int64_t width, const Lod& lod)
      : Chunk<T>(parts, config, width, lod),
        packed_back(parts->Take<T>(static_cast<int64_t>(PanelElements<T>(LstmBackwardPanels(config.hidden))))),
        before_hidden(parts->Take<T>(MostChunkRows(lod) * config.hidden)),
        later_hidden_grad(parts->Take<T>(lod.last_sequences() * config.hidden)),
        before_cell(parts->Take<C>(MostChunkRows(lod) * config.hidden)),
        cell_grad(parts->Take<C>(MostChunkRows(lod) * config.hidden)),
        later_cell_grad(parts->Take<C>(lod.last_sequences() * config.hidden)),
        x_weight(parts, width, 4 * config.hidden),
        weight(parts, config.hidden, 4 * config.hidden),
        bias_grad(parts, BiasSize(config), 4 * config.hidden),
        walk(parts->Take<std::byte>(static_cast<int64_t>(LstmBackwardScratch<T>(config, lod.last_sequences())))) {}
};

// The gates of a chunk and its cells, again: with the states before them at hand, rows do not depend on each other.
template <class T>
void Recompute(const LstmConfig& config, const StepChunk& chunk, const Projection<T>& projection,
               const LstmBackward<T>& layer, const BackwardChunk<T>& room) {
  projection.Run(chunk, room.x, room.gates);
  chunk.GatherBefore(layer.hidden, layer.initial_hidden, config.hidden, room.before_hidden);
  chunk.GatherBefore(layer.cell, layer.initial_cell, config.hidden, room.before_cell);
  RunLstm<T>(config, chunk.SingleRows(),
             {.input = room.gates,
              .bias = layer.bias,
              .initial_hidden = room.before_hidden,
              .initial_cell = room.before_cell,
              .packed = room.packed,
              .gates = room.gates,
              .hidden = room.hidden,
              .cell = room.cell});
}

// The walk back through a chunk whose gates are there: they become their gradients. What is behind a chunk hands it the
// gradients of the states in between.
template <class T>
void WalkBack(const LstmConfig& config, const StepChunk& chunk, bool first, bool last, const LstmBackward<T>& layer,
              const BackwardChunk<T>& room) {
  const int64_t hidden = config.hidden;
  LstmBackward<T> part{.bias = layer.bias,
                       .initial_cell = layer.initial_cell,
                       .packed = room.packed_back,
                       .gates = room.gates,
                       .cell = room.cell,
                       .input_grad = room.gates,
                       .bias_grad = room.bias_grad.Part(),
                       .initial_hidden_grad = layer.initial_hidden_grad,
                       .initial_cell_grad = layer.initial_cell_grad,
                       .scratch = room.walk};
  part.hidden_grad =
      GatherGrads<T>(chunk, layer.hidden_grad, last ? nullptr : room.later_hidden_grad, hidden, room.hidden);
  part.cell_grad =
      GatherGrads<Computed<T>>(chunk, layer.cell_grad, last ? nullptr : room.later_cell_grad, hidden, room.cell_grad);
  if (!first) {
    chunk.GatherInitial(layer.cell, hidden, room.initial_cell);
    part.initial_cell = room.initial_cell;
    part.initial_hidden_grad = room.later_hidden_grad;
    part.initial_cell_grad = room.later_cell_grad;
  }
  RunLstmGrad(config, chunk.lod(), part);
}

}  // namespace

template <class T>
size_t ProjectedLstmScratch(const LstmConfig& config, int64_t width, const Lod& lod) {
  ScratchParts parts;
  ForwardChunk<T>(&parts, config, width, lod);
  return parts.used();
}

template <class T>
size_t ProjectedLstmGradScratch(const LstmConfig& config, int64_t width, const Lod& lod) {
  ScratchParts parts;
  BackwardChunk<T>(&parts, config, width, lod);
  return parts.used();
}

template <class T>
void RunProjectedLstm(const LstmConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                      const LstmForward<T>& layer, std::byte* scratch) {
  ScratchParts parts(scratch);
  const ForwardChunk<T> room(&parts, config, projection.width, lod);
  PackPanels(LstmForwardPanels(config.hidden), weight, room.packed);
  LstmForward<T> part{.input = room.gates,
                      .bias = room.bias.Of(layer.bias, projection.bias),
                      .initial_hidden = layer.initial_hidden,
                      .initial_cell = layer.initial_cell,
                      .packed = room.packed,
                      .gates = room.gates,
                      .hidden = room.hidden,
                      .cell = room.cell};
  const auto steps = ChunkSteps(lod);
  for (size_t k = 0; k + 1 < steps.size(); ++k) {
    const StepChunk chunk(lod, config.reverse, steps[k], steps[k + 1]);
    if (k > 0) {
      chunk.GatherInitial(layer.hidden, config.hidden, room.initial_hidden);
      chunk.GatherInitial(layer.cell, config.hidden, room.initial_cell);
      part.initial_hidden = room.initial_hidden;
      part.initial_cell = room.initial_cell;
    }
    projection.Run(chunk, room.x, room.gates);
    RunLstm(config, chunk.lod(), part);
    chunk.Scatter(room.hidden, config.hidden, layer.hidden);
    chunk.Scatter(room.cell, config.hidden, layer.cell);
  }
}

template <class T>
void RunProjectedLstmGrad(const LstmConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                          const LstmBackward<T>& whole, std::byte* scratch) {
  ScratchParts parts(scratch);
  BackwardChunk<T> room(&parts, config, projection.width, lod);
  PackPanels(LstmForwardPanels(config.hidden), weight, room.packed);
  PackPanels(LstmBackwardPanels(config.hidden), weight, room.packed_back);
  LstmBackward<T> layer = whole;
  layer.bias = room.bias.Of(whole.bias, projection.bias);
  room.x_weight.Start(projection.weight_grad);
  room.weight.Start(layer.weight_grad);
  room.bias_grad.Start(layer.bias_grad, projection.bias_grad);
  if (layer.initial_hidden_grad) std::fill_n(layer.initial_hidden_grad, lod.last_sequences() * config.hidden, T{});
  if (layer.initial_cell_grad)
    std::fill_n(layer.initial_cell_grad, lod.last_sequences() * config.hidden, Computed<T>{0});
  const auto steps = ChunkSteps(lod);
  for (size_t k = steps.size() - 1; k-- > 0;) {
    const StepChunk chunk(lod, config.reverse, steps[k], steps[k + 1]);
    Recompute(config, chunk, projection, layer, room);
    WalkBack(config, chunk, k == 0, k + 2 == steps.size(), layer, room);
    room.x_weight.Add(chunk.rows(), room.x, room.gates, 4 * config.hidden);
    room.weight.Add(chunk.rows(), room.before_hidden, room.gates, 4 * config.hidden);
    room.bias_grad.Add();
    projection.RunGrad(chunk, room.gates, room.x);
  }
  room.x_weight.Finish();
  room.weight.Finish();
  room.bias_grad.Finish();
}

template size_t ProjectedLstmScratch<float>(const LstmConfig&, int64_t, const Lod&);
template size_t ProjectedLstmScratch<double>(const LstmConfig&, int64_t, const Lod&);
template size_t ProjectedLstmScratch<BFloat16>(const LstmConfig&, int64_t, const Lod&);
template size_t ProjectedLstmGradScratch<float>(const LstmConfig&, int64_t, const Lod&);
template size_t ProjectedLstmGradScratch<double>(const LstmConfig&, int64_t, const Lod&);
template size_t ProjectedLstmGradScratch<BFloat16>(const LstmConfig&, int64_t, const Lod&);
template void RunProjectedLstm(const LstmConfig&, const Lod&, const Projection<float>&, const float*,
                               const LstmForward<float>&, std::byte*);
template void RunProjectedLstm(const LstmConfig&, const Lod&, const Projection<double>&, const double*,
                               const LstmForward<double>&, std::byte*);
template void RunProjectedLstm(const LstmConfig&, const Lod&, const Projection<BFloat16>&, const BFloat16*,
                               const LstmForward<BFloat16>&, std::byte*);
template void RunProjectedLstmGrad(const LstmConfig&, const Lod&, const Projection<float>&, const float*,
                                   const LstmBackward<float>&, std::byte*);
template void RunProjectedLstmGrad(const LstmConfig&, const Lod&, const Projection<double>&, const double*,
                                   const LstmBackward<double>&, std::byte*);
template void RunProjectedLstmGrad(const LstmConfig&, const Lod&, const Projection<BFloat16>&, const BFloat16*,
                                   const LstmBackward<BFloat16>&, std::byte*);

}  // namespace paddle
