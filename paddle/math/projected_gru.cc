#include "paddle/math/projected_gru.h"

namespace paddle {
namespace {

// Room for what both passes have of one chunk.
template <class T>
struct Chunk {
  T *packed, *x, *gates, *reset_hidden, *hidden, *initial_hidden;
  SummedBias<T> bias;

  Chunk(ScratchParts* parts, const GruConfig& config, int64_t width, const Lod& lod)
      : packed(parts->Take<T>(static_cast<int64_t>(GruPackedElements<T>(config.hidden, false)))),
        x(parts->Take<T>(MostChunkRows(lod) * width)),
        gates(parts->Take<T>(MostChunkRows(lod) * 3 * config.hidden)),
        reset_hidden(parts->Take<T>(MostChunkRows(lod) * config.hidden)),
        hidden(parts->Take<T>(MostChunkRows(lod) * config.hidden)),
        initial_hidden(parts->Take<T>(lod.last_sequences() * config.hidden)),
        bias(parts, 3 * config.hidden, 3 * config.hidden) {}
};

template <class T>
struct ForwardChunk : Chunk<T> {
  T* input;

  ForwardChunk(ScratchParts* parts, const GruConfig& config, int64_t width, const Lod& lod)
      : Chunk<T>(parts, config, width, lod), input(parts->Take<T>(MostChunkRows(lod) * 3 * config.hidden)) {}
};

template <class T>
struct BackwardChunk : Chunk<T> {
  T *packed_back, *before_hidden, *hidden_grad, *later_hidden_grad;
  WeightGradSum<T> x_weight, gate_weight, candidate_weight;
  BiasGradSum<T> bias_grad;
  std::byte* walk;

  BackwardChunk(ScratchParts* parts, const GruConfig& config, int64_t width, const Lod& lod)
      : Chunk<T>(parts, config, width, lod),
        packed_back(parts->Take<T>(static_cast<int64_t>(GruPackedElements<T>(config.hidden, true)))),
        before_hidden(parts->Take<T>(MostChunkRows(lod) * config.hidden)),
        hidden_grad(parts->Take<T>(MostChunkRows(lod) * config.hidden)),
        later_hidden_grad(parts->Take<T>(lod.last_sequences() * config.hidden)),
        x_weight(parts, width, 3 * config.hidden),
        gate_weight(parts, config.hidden, 2 * config.hidden),
        candidate_weight(parts, config.hidden, config.hidden),
        bias_grad(parts, 3 * config.hidden, 3 * config.hidden),
        walk(parts->Take<std::byte>(static_cast<int64_t>(WalkBytes(config, lod)))) {}

  // The walk is asked for no weight gradient, so it keeps nothing of each row.
  static size_t WalkBytes(const GruConfig& config, const Lod& lod) {
    return GruBackwardScratch<T>(config, 0, lod.last_sequences());
  }
};

// The gates of a chunk and its states, again: with the states before them at hand, rows do not depend on each other.
template <class T>
void Recompute(const GruConfig& config, const StepChunk& chunk, const Projection<T>& projection, GruPacked<T> packed,
               const Computed<T>* bias, const GruBackward<T>& layer, const BackwardChunk<T>& room) {
  projection.Run(chunk, room.x, room.gates);
  chunk.GatherBefore(layer.hidden, layer.initial_hidden, config.hidden, room.before_hidden);
  RunGru<T>(config, chunk.SingleRows(),
            {.input = room.gates,
             .bias = bias,
             .initial_hidden = room.before_hidden,
             .packed = packed,
             .gates = room.gates,
             .reset_hidden = room.reset_hidden,
             .hidden = room.hidden});
}

// The walk back through a chunk whose gates are there: they become their gradients. What is behind a chunk hands it the
// gradients of the states in between.
template <class T>
void WalkBack(const GruConfig& config, const StepChunk& chunk, bool first, bool last, const GruBackward<T>& layer,
              const BackwardChunk<T>& room) {
  GruBackward<T> part{.initial_hidden = layer.initial_hidden,
                      .packed = layer.packed,
                      .gates = room.gates,
                      .gates_by_row = true,
                      .hidden = room.hidden,
                      .input_grad = room.gates,
                      .bias_grad = room.bias_grad.Part(),
                      .initial_hidden_grad = layer.initial_hidden_grad,
                      .scratch = room.walk};
  part.hidden_grad = GatherGrads<T>(chunk, layer.hidden_grad, last ? nullptr : room.later_hidden_grad, config.hidden,
                                    room.hidden_grad);
  if (!first) {
    chunk.GatherInitial(layer.hidden, config.hidden, room.initial_hidden);
    part.initial_hidden = room.initial_hidden;
    part.initial_hidden_grad = room.later_hidden_grad;
  }
  RunGruGrad(config, chunk.lod(), part);
}

}  // namespace

template <class T>
size_t ProjectedGruScratch(const GruConfig& config, int64_t width, const Lod& lod) {
  ScratchParts parts;
  ForwardChunk<T>(&parts, config, width, lod);
  return parts.used();
}

template <class T>
size_t ProjectedGruGradScratch(const GruConfig& config, int64_t width, const Lod& lod) {
  ScratchParts parts;
  BackwardChunk<T>(&parts, config, width, lod);
  return parts.used();
}

template <class T>
void RunProjectedGru(const GruConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                     const GruForward<T>& layer, std::byte* scratch) {
  ScratchParts parts(scratch);
  const ForwardChunk<T> room(&parts, config, projection.width, lod);
  GruForward<T> part{.input = room.input,
                     .bias = room.bias.Of(layer.bias, projection.bias),
                     .initial_hidden = layer.initial_hidden,
                     .packed = PackGru(config.hidden, false, weight, room.packed),
                     .gates = room.gates,
                     .reset_hidden = room.reset_hidden,
                     .hidden = room.hidden};
  const auto steps = ChunkSteps(lod);
  for (size_t k = 0; k + 1 < steps.size(); ++k) {
    const StepChunk chunk(lod, config.reverse, steps[k], steps[k + 1]);
    if (k > 0) {
      chunk.GatherInitial(layer.hidden, config.hidden, room.initial_hidden);
      part.initial_hidden = room.initial_hidden;
    }
    projection.Run(chunk, room.x, room.input);
    RunGru(config, chunk.lod(), part);
    chunk.Scatter(room.hidden, config.hidden, layer.hidden);
  }
}

template <class T>
void RunProjectedGruGrad(const GruConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                         const Computed<T>* bias, const GruBackward<T>& whole, std::byte* scratch) {
  ScratchParts parts(scratch);
  BackwardChunk<T> room(&parts, config, projection.width, lod);
  const int64_t hidden = config.hidden;
  const GruPacked<T> packed = PackGru(hidden, false, weight, room.packed);
  GruBackward<T> layer = whole;
  layer.packed = PackGru(hidden, true, weight, room.packed_back);
  bias = room.bias.Of(bias, projection.bias);
  T* weight_grad = layer.weight_grad;
  room.x_weight.Start(projection.weight_grad);
  room.gate_weight.Start(weight_grad);
  room.candidate_weight.Start(weight_grad ? weight_grad + 2 * hidden * hidden : nullptr);
  room.bias_grad.Start(layer.bias_grad, projection.bias_grad);
  if (layer.initial_hidden_grad) std::fill_n(layer.initial_hidden_grad, lod.last_sequences() * hidden, T{});
  const auto steps = ChunkSteps(lod);
  for (size_t k = steps.size() - 1; k-- > 0;) {
    const StepChunk chunk(lod, config.reverse, steps[k], steps[k + 1]);
    Recompute(config, chunk, projection, packed, bias, layer, room);
    WalkBack(config, chunk, k == 0, k + 2 == steps.size(), layer, room);
    room.x_weight.Add(chunk.rows(), room.x, room.gates, 3 * hidden);
    room.gate_weight.Add(chunk.rows(), room.before_hidden, room.gates, 3 * hidden);
    room.candidate_weight.Add(chunk.rows(), room.reset_hidden, room.gates + 2 * hidden, 3 * hidden);
    room.bias_grad.Add();
    projection.RunGrad(chunk, room.gates, room.x);
  }
  room.x_weight.Finish();
  room.gate_weight.Finish();
  room.candidate_weight.Finish();
  room.bias_grad.Finish();
}

template size_t ProjectedGruScratch<float>(const GruConfig&, int64_t, const Lod&);
template size_t ProjectedGruScratch<double>(const GruConfig&, int64_t, const Lod&);
template size_t ProjectedGruScratch<BFloat16>(const GruConfig&, int64_t, const Lod&);
template size_t ProjectedGruGradScratch<float>(const GruConfig&, int64_t, const Lod&);
template size_t ProjectedGruGradScratch<double>(const GruConfig&, int64_t, const Lod&);
template size_t ProjectedGruGradScratch<BFloat16>(const GruConfig&, int64_t, const Lod&);
template void RunProjectedGru(const GruConfig&, const Lod&, const Projection<float>&, const float*,
                              const GruForward<float>&, std::byte*);
template void RunProjectedGru(const GruConfig&, const Lod&, const Projection<double>&, const double*,
                              const GruForward<double>&, std::byte*);
template void RunProjectedGru(const GruConfig&, const Lod&, const Projection<BFloat16>&, const BFloat16*,
                              const GruForward<BFloat16>&, std::byte*);
template void RunProjectedGruGrad(const GruConfig&, const Lod&, const Projection<float>&, const float*,
                                  const Computed<float>*, const GruBackward<float>&, std::byte*);
template void RunProjectedGruGrad(const GruConfig&, const Lod&, const Projection<double>&, const double*,
                                  const Computed<double>*, const GruBackward<double>&, std::byte*);
template void RunProjectedGruGrad(const GruConfig&, const Lod&, const Projection<BFloat16>&, const BFloat16*,
                                  const Computed<BFloat16>*, const GruBackward<BFloat16>&, std::byte*);

}  // namespace paddle
