#include "paddle/math/cudnn_lstm_weights.h"

#include <cstddef>

#include "paddle/math/strided.h"

namespace paddle {
namespace {

// Place of our gates c~, i, f, o among cuDNN's i, f, c~, o.
constexpr int kPlace[] = {2, 0, 1, 3};

// Four matrices [hidden, width] one behind the other, to or from one [width, 4 hidden].
template <class T>
void MoveGates(int64_t width, int64_t hidden, const T* flat, T* ours) {
  for (int g = 0; g < 4; ++g)
    math::CopyStrided({{hidden, width, 1}, {width, 1, 4 * hidden}}, sizeof(T),
                      reinterpret_cast<const std::byte*>(flat + kPlace[g] * hidden * width),
                      reinterpret_cast<std::byte*>(ours + g * hidden));
}
template <class T>
void MoveGatesBack(int64_t width, int64_t hidden, const T* ours, T* flat) {
  for (int g = 0; g < 4; ++g)
    math::CopyStrided({{hidden, 1, width}, {width, 4 * hidden, 1}}, sizeof(T),
                      reinterpret_cast<const std::byte*>(ours + g * hidden),
                      reinterpret_cast<std::byte*>(flat + kPlace[g] * hidden * width));
}

}  // namespace

int64_t CudnnLstmWeights::matrices(int64_t p) const {
  const int64_t first = p < directions ? p : directions, later = p - first;
  return 4 * hidden * (first * (input + hidden) + later * (directions + 1) * hidden);
}

template <class T>
void FromCudnn(const CudnnLstmWeights& weights, int64_t p, const T* flat, const LstmParameters<T>& to) {
  const int64_t width = weights.width(p), hidden = weights.hidden;
  const T *matrices = flat + weights.matrices(p), *biases = flat + weights.biases(p);
  MoveGates(width, hidden, matrices, to.input);
  MoveGates(hidden, hidden, matrices + 4 * hidden * width, to.recurrent);
  MoveGates(1, hidden, biases, to.bias);
  MoveGates(1, hidden, biases + 4 * hidden, to.recurrent_bias);
}

template <class T>
void ToCudnn(const CudnnLstmWeights& weights, int64_t p, const LstmParameters<const T>& from, T* flat) {
  const int64_t width = weights.width(p), hidden = weights.hidden;
  T *matrices = flat + weights.matrices(p), *biases = flat + weights.biases(p);
  MoveGatesBack(width, hidden, from.input, matrices);
  MoveGatesBack(hidden, hidden, from.recurrent, matrices + 4 * hidden * width);
  MoveGatesBack(1, hidden, from.bias, biases);
  MoveGatesBack(1, hidden, from.recurrent_bias, biases + 4 * hidden);
}

template void FromCudnn(const CudnnLstmWeights&, int64_t, const float*, const LstmParameters<float>&);
template void FromCudnn(const CudnnLstmWeights&, int64_t, const double*, const LstmParameters<double>&);
template void ToCudnn(const CudnnLstmWeights&, int64_t, const LstmParameters<const float>&, float*);
template void ToCudnn(const CudnnLstmWeights&, int64_t, const LstmParameters<const double>&, double*);

}  // namespace paddle
