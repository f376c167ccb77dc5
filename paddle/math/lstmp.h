#pragma once
// Long short-term memory whose hidden state is projected to fewer numbers before it goes on (Sak et al. 2014), over
// sequences of any lengths, without padding.
//
//   c~ = candidate(x_c + p' W_c + b_c)
//   i = gate(x_i + p' W_i + w_ic c' + b_i)
//   f = gate(x_f + p' W_f + w_fc c' + b_f)
//   c = f c' + i c~
//   o = gate(x_o + p' W_o + w_oc c + b_o)
//   h = o cell(c)
//   p = projection(h W_p)
//
// where p', c' are those of the step before; c and p may be clipped. Rows "by step" stand in the order of computation,
// see gru.h.

#include <cstddef>
#include <cstdint>

#include "paddle/math/gate.h"
#include "paddle/tensor/lod.h"

namespace paddle {

struct LstmpConfig {
  int64_t units = 0, projected = 0;  // D and P
  bool peepholes = false;
  bool reverse = false;
  float cell_clip = 0, projection_clip = 0;  // not positive: none
  Gate gate = Gate::kSigmoid, cell = Gate::kTanh, candidate = Gate::kTanh, projection = Gate::kTanh;
};

// T: float or double. R rows in all, B sequences.
template <class T>
struct LstmpForward {
  const T* input = nullptr;               // [R, 4D] x_c, x_i, x_f, x_o
  const T* weight = nullptr;              // [P, 4D]
  const T* projection_weight = nullptr;   // [D, P]
  const T* bias = nullptr;                // [4D], with peepholes [7D]: w_ic, w_fc, w_oc behind
  const T* initial_projection = nullptr;  // [B, P] or null: zero
  const T* initial_cell = nullptr;        // [B, D] or null: zero
  T* gates = nullptr;                     // [R, 4D] c~, i, f, o by step
  T* hidden = nullptr;                    // [R, D] h by step
  T* shown_cell = nullptr;                // [R, D] cell(c) by step, or null: not wanted
  T* projection = nullptr;                // [R, P]
  T* cell = nullptr;                      // [R, D]
  T* scratch = nullptr;                   // [B, P + D]
};

template <class T>
struct LstmpBackward {
  const T* weight = nullptr;
  const T* projection_weight = nullptr;
  const T* bias = nullptr;
  const T* initial_projection = nullptr;
  const T* initial_cell = nullptr;
  const T* gates = nullptr;   // as the forward pass left them
  const T* hidden = nullptr;  // the same
  const T* projection = nullptr;
  const T* cell = nullptr;
  const T* projection_grad = nullptr;   // [R, P]
  const T* cell_grad = nullptr;         // [R, D] or null: zero
  T* input_grad = nullptr;              // [R, 4D] or null: not wanted; the same with those below
  T* weight_grad = nullptr;             // [P, 4D]
  T* projection_weight_grad = nullptr;  // [D, P]
  T* bias_grad = nullptr;               // as bias
  T* initial_projection_grad = nullptr;
  T* initial_cell_grad = nullptr;
  T* scratch = nullptr;  // LstmpBackwardScratch elements
};

size_t LstmpBackwardScratch(const LstmpConfig& config, int64_t rows, int64_t sequences);

template <class T>
void RunLstmp(const LstmpConfig& config, const Lod& lod, const LstmpForward<T>& args);
template <class T>
void RunLstmpGrad(const LstmpConfig& config, const Lod& lod, const LstmpBackward<T>& args);

}  // namespace paddle
