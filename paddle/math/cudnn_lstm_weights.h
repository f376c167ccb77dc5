#pragma once
// The flat vector in which cuDNN keeps the parameters of stacked LSTM layers (NVIDIA, cuDNN API reference,
// cudnnGetRNNWeightParams: CUDNN_LSTM with two biases).
//
// A layer has a pseudo-layer for each direction, forward first. For each pseudo-layer there are four matrices [H,
// width] for what comes in and four [H, H] for the state; behind the matrices of all pseudo-layers, for each of them
// four biases [H] of the first product and four of the second. All fours are in the order i, f, c~, o.

#include <cstdint>

namespace paddle {

struct CudnnLstmWeights {
  int64_t input = 0, hidden = 0;
  int64_t layers = 1, directions = 1;

  int64_t pseudo_layers() const { return layers * directions; }
  // Elements of a row that comes into pseudo-layer p.
  int64_t width(int64_t p) const { return p < directions ? input : directions * hidden; }
  // Where the matrices and the biases of pseudo-layer p begin; those of p = pseudo_layers() would.
  int64_t matrices(int64_t p) const;
  int64_t biases(int64_t p) const { return matrices(pseudo_layers()) + p * 8 * hidden; }
  // Elements of the whole vector.
  int64_t size() const { return biases(pseudo_layers()); }
};

// Parameters of one LSTM as math/lstm.h takes them: gates side by side in the order c~, i, f, o.
template <class T>
struct LstmParameters {
  T* input = nullptr;           // [width, 4H]
  T* recurrent = nullptr;       // [H, 4H]
  T* bias = nullptr;            // [4H] of the first product
  T* recurrent_bias = nullptr;  // [4H] of the second; the cell sees the sum
};

// Moves the elements of pseudo-layer p; nothing is added up, so that gradients move as parameters do.
template <class T>
void FromCudnn(const CudnnLstmWeights& weights, int64_t p, const T* flat, const LstmParameters<T>& to);
template <class T>
void ToCudnn(const CudnnLstmWeights& weights, int64_t p, const LstmParameters<const T>& from, T* flat);

}  // namespace paddle
