#pragma once
// Layers of LSTM, one on top of the other, over a padded batch that stands step by step: what cuDNN computes.

#include <cstddef>

#include "paddle/math/cudnn_lstm_weights.h"
#include "paddle/math/random.h"
#include "paddle/tensor/lod.h"

namespace paddle {

struct StackedLstmConfig {
  CudnnLstmWeights weights;
  int64_t steps = 0, batch = 0;
  // Of each output of a layer but the last: the probability to be set to zero; the others are divided by 1 - dropout.
  float dropout = 0;
};

// T: float or double. T steps, B sequences, I columns, H units, L layers, D directions.
template <class T>
struct StackedLstmForward {
  const T* input = nullptr;           // [T, B, I]
  const T* initial_hidden = nullptr;  // [L D, B, H]
  const T* initial_cell = nullptr;    // [L D, B, H]
  const T* weights = nullptr;         // in cuDNN's layout
  math::Philox random{0, 0, 0};       // drops elements
  T* out = nullptr;                   // [T, B, D H]; a row holds the directions side by side
  T* last_hidden = nullptr;           // [L D, B, H] or null: not wanted
  T* last_cell = nullptr;             // [L D, B, H] or null
  std::byte* scratch = nullptr;       // StackedLstmScratch(config, false) bytes
};

// Runs the forward pass again, so that nothing has to be kept for it.
template <class T>
struct StackedLstmBackward {
  const T* input = nullptr;
  const T* initial_hidden = nullptr;
  const T* initial_cell = nullptr;
  const T* weights = nullptr;
  math::Philox random{0, 0, 0};         // as of the forward pass
  const T* out_grad = nullptr;          // [T, B, D H]
  const T* last_hidden_grad = nullptr;  // [L D, B, H] or null: zero
  const T* last_cell_grad = nullptr;    // [L D, B, H] or null: zero
  T* input_grad = nullptr;              // like their variables, or null: not wanted
  T* initial_hidden_grad = nullptr;
  T* initial_cell_grad = nullptr;
  T* weights_grad = nullptr;
  std::byte* scratch = nullptr;  // StackedLstmScratch(config, true) bytes
};

template <class T>
size_t StackedLstmScratch(const StackedLstmConfig& config, bool backward);

// `lod`: config.batch sequences of config.steps rows.
template <class T>
void RunStackedLstm(const StackedLstmConfig& config, const Lod& lod, const StackedLstmForward<T>& args);
template <class T>
void RunStackedLstmGrad(const StackedLstmConfig& config, const Lod& lod, const StackedLstmBackward<T>& args);

}  // namespace paddle
