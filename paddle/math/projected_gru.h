#pragma once
// GRU layers (gru.h) that multiply their rows by a weight themselves, a chunk of steps at a time: nothing as wide as
// the gates is there for more steps than that. The backward pass computes the gates again, from the states.

#include "paddle/math/chunk_projection.h"
#include "paddle/math/gru.h"

namespace paddle {

// Bytes of temporary memory for rows of that width; they depend on the numbers of rows and sequences only.
template <class T>
size_t ProjectedGruScratch(const GruConfig& config, int64_t width, const Lod& lod);
template <class T>
size_t ProjectedGruGradScratch(const GruConfig& config, int64_t width, const Lod& lod);

// `weight`: [H, 3H] as it is. What `layer` says of input, gates, the outputs by step and packed weight is not read.
template <class T>
void RunProjectedGru(const GruConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                     const GruForward<T>& layer, std::byte* scratch);
// `bias`: [3H] or null: zero. Neither is what it says of gates, input_grad and scratch.
template <class T>
void RunProjectedGruGrad(const GruConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                         const Computed<T>* bias, const GruBackward<T>& layer, std::byte* scratch);

}  // namespace paddle
