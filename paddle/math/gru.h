#pragma once
// Gated recurrent units over sequences of any lengths, without padding (Cho et al. 2014).
//
//   u = gate(x_u + h' W_u)    r = gate(x_r + h' W_r)    c = candidate(x_c + (r * h') W_c)
//   h = (1 - u) * h' + u * c, in origin mode h = u * h' + (1 - u) * c
//
// where h' is the state of the step before. The weight is W_u and W_r side by side [H, 2H] and behind them W_c [H, H].
// Rows marked "by step" stand in the order of computation: all sequences' first steps, longest sequence first, then all
// second steps, ...; the other rows stand in the order of the LoD.

#include <cstddef>
#include <cstdint>

#include "paddle/math/bfloat16.h"
#include "paddle/math/gate.h"
#include "paddle/tensor/lod.h"

namespace paddle {

struct GruConfig {
  int64_t hidden = 0;
  bool reverse = false;
  bool origin_mode = false;
  Gate gate = Gate::kSigmoid, candidate = Gate::kTanh;
};

// A weight packed by PackGru.
template <class T>
struct GruPacked {
  const T* gates = nullptr;
  const T* candidate = nullptr;
};

// T: float, double or BFloat16, of which the bias and all sums are float. R rows in all, B sequences, H units.
template <class T>
struct GruForward {
  const T* input = nullptr;           // [R, 3H] x_u, x_r, x_c
  const Computed<T>* bias = nullptr;  // [3H] or null: zero
  const T* initial_hidden = nullptr;  // [B, H] or null: zero
  GruPacked<T> packed = {};
  T* gates = nullptr;         // [R, 3H] u, r, c by step; may be `input` where each sequence is one row
  T* reset_hidden = nullptr;  // [R, H] r * h' by step, or null: not wanted
  T* batch_hidden = nullptr;  // [R, H] h by step, or null: not wanted
  T* hidden = nullptr;        // [R, H]
  T* scratch = nullptr;       // [B, H], where reset_hidden is null
};

template <class T>
struct GruBackward {
  const T* initial_hidden = nullptr;
  GruPacked<T> packed = {};
  const T* gates = nullptr;   // as the forward pass left them
  bool gates_by_row = false;  // or, so it says, in the order of the LoD
  const T* hidden = nullptr;
  const T* hidden_grad = nullptr;    // [R, H] or null: zero
  T* input_grad = nullptr;           // [R, 3H]; may be `gates` in the order of the LoD
  T* weight_grad = nullptr;          // [H, 3H] or null: not wanted
  Computed<T>* bias_grad = nullptr;  // [3H] or null
  T* initial_hidden_grad = nullptr;  // [B, H] or null
  std::byte* scratch = nullptr;      // GruBackwardScratch bytes
};

// Elements of the packed weight for either pass; PackGru fills them.
template <class T>
size_t GruPackedElements(int64_t hidden, bool backward);
template <class T>
GruPacked<T> PackGru(int64_t hidden, bool backward, const T* weight, T* packed);

// Bytes of GruBackward::scratch.
template <class T>
size_t GruBackwardScratch(const GruConfig& config, int64_t rows, int64_t sequences);

template <class T>
void RunGru(const GruConfig& config, const Lod& lod, const GruForward<T>& args);
template <class T>
void RunGruGrad(const GruConfig& config, const Lod& lod, const GruBackward<T>& args);

}  // namespace paddle
