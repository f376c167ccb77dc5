#pragma once
// Layers of LSTM over sequences of one length on the GPU, by cuDNN, in full precision.

#include <memory>

#include "paddle/device/cuda/context.h"
#include "paddle/math/cudnn_lstm_weights.h"
#include "paddle/tensor/dtype.h"

namespace paddle::cuda {

// T steps, B sequences, I columns, H units, L layers, D directions; none of them 0.
struct LstmLayersShape {
  CudnnLstmWeights weights;
  int64_t steps = 0, batch = 0;
};

// T: float or double. All on the GPU.
template <class T>
struct LstmLayersArgs {
  const T* input = nullptr;           // [T, B, I]
  const T* initial_hidden = nullptr;  // [L D, B, H]
  const T* initial_cell = nullptr;    // [L D, B, H]
  const T* weights = nullptr;         // CudnnLstmWeights::size() elements
  T* out = nullptr;                   // [T, B, D H]; the gradients read it
  std::byte* reserve = nullptr;       // what the gradients need of the forward pass
  std::byte* scratch = nullptr;
};

template <class T>
struct LstmLayersGrads {
  const T* out = nullptr;          // [T, B, D H]
  const T* last_hidden = nullptr;  // [L D, B, H] or null: zero
  const T* last_cell = nullptr;    // [L D, B, H] or null: zero
  T* input = nullptr;              // [T, B, I]
  T* initial_hidden = nullptr;     // [L D, B, H] or null: not wanted
  T* initial_cell = nullptr;       // [L D, B, H] or null
};

// Prepared for its sizes, for the State of a kernel. Nothing is dropped between the layers.
class LstmLayers {
 public:
  // `training`: gradients will be asked for. Throws Unimplemented for sizes and types that cuDNN cannot do.
  LstmLayers(const CudaContext& context, DType dtype, const LstmLayersShape& shape, bool training);

  size_t scratch_bytes() const;
  size_t reserve_bytes() const;  // 0 unless training

  // last_hidden, last_cell: [L D, B, H], or null: not wanted.
  template <class T>
  void Run(const CudaContext& context, const LstmLayersArgs<T>& args, T* last_hidden, T* last_cell) const;
  // Behind Run, with the same arguments.
  template <class T>
  void RunGrad(const CudaContext& context, const LstmLayersArgs<T>& args, const LstmLayersGrads<T>& grads) const;
  // Behind RunGrad, with the same arguments. Adds to weights_grad.
  template <class T>
  void AddWeightsGrad(const CudaContext& context, const LstmLayersArgs<T>& args, T* weights_grad) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace paddle::cuda
