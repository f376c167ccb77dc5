#pragma once
// LSTM layers (lstm.h) that multiply their rows by a weight themselves, a chunk of steps at a time: nothing as wide as
// the gates is there for more steps than that. The backward pass computes the gates again, from the states.

#include "paddle/math/chunk_projection.h"
#include "paddle/math/lstm.h"

namespace paddle {

// Bytes of temporary memory for rows of that width; they depend on the numbers of rows and sequences only.
template <class T>
size_t ProjectedLstmScratch(const LstmConfig& config, int64_t width, const Lod& lod);
template <class T>
size_t ProjectedLstmGradScratch(const LstmConfig& config, int64_t width, const Lod& lod);

// `weight`: W [H, 4H] as it is. What `layer` says of input, gates, shown_cell and packed weight is not read.
template <class T>
void RunProjectedLstm(const LstmConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                      const LstmForward<T>& layer, std::byte* scratch);
// Neither is what it says of gates, input_grad and scratch.
template <class T>
void RunProjectedLstmGrad(const LstmConfig& config, const Lod& lod, const Projection<T>& projection, const T* weight,
                          const LstmBackward<T>& layer, std::byte* scratch);

}  // namespace paddle
