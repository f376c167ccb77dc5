#pragma once
// Long short-term memory over sequences of any lengths, without padding (Hochreiter & Schmidhuber 1997; peepholes: Gers
// et al. 2002).
//
//   c~ = candidate(x_c + h' W_c)    i = gate(x_i + h' W_i + w_ic * c')    f = gate(x_f + h' W_f + w_fc * c')
//   c  = f * c' + i * c~            o = gate(x_o + h' W_o + w_oc * c)     h = o * cell(c)
//
// where h', c' are those of the step before. Rows of tokens stand in the order of the LoD; gates in the order c~, i, f,
// o.

#include <cstddef>
#include <cstdint>

#include "paddle/math/bfloat16.h"
#include "paddle/math/gate.h"
#include "paddle/tensor/lod.h"

namespace paddle {

struct LstmConfig {
  int64_t hidden = 0;
  bool peepholes = false;
  bool reverse = false;
  bool time_major = false;  // rows stand step by step, not in the order of the LoD: row t * B + b; for one length
  Gate gate = Gate::kSigmoid, cell = Gate::kTanh, candidate = Gate::kTanh;
};

// T: float, double or BFloat16, of which the cell, the bias and all sums are float. R rows in all, B sequences, H
// units.
template <class T>
struct LstmForward {
  using C = Computed<T>;
  const T* input = nullptr;           // [R, 4H] x, without the bias
  const C* bias = nullptr;            // [4H], with peepholes [7H]: w_ic, w_fc, w_oc behind
  const T* initial_hidden = nullptr;  // [B, H] or null: zero
  const C* initial_cell = nullptr;    // [B, H] or null: zero
  const T* packed = nullptr;          // W by PackPanels with LstmForwardPanels
  T* gates = nullptr;                 // [R, 4H] c~, i, f, o; may be `input`
  T* hidden = nullptr;                // [R, H]
  C* cell = nullptr;                  // [R, H]
  C* shown_cell = nullptr;            // [R, H] cell(c), or null: not wanted
};

template <class T>
struct LstmBackward {
  using C = Computed<T>;
  const C* bias = nullptr;
  const T* initial_hidden = nullptr;
  const C* initial_cell = nullptr;
  const T* packed = nullptr;  // W by PackPanels with LstmBackwardPanels
  const T* gates = nullptr;   // as the forward pass left them
  const T* hidden = nullptr;
  const C* cell = nullptr;
  const T* hidden_grad = nullptr;    // [R, H] or null: zero
  const C* cell_grad = nullptr;      // [R, H] or null: zero
  T* input_grad = nullptr;           // [R, 4H]; may be `gates`
  T* weight_grad = nullptr;          // [H, 4H] or null: not wanted
  C* bias_grad = nullptr;            // like the bias, or null
  T* initial_hidden_grad = nullptr;  // [B, H] or null
  C* initial_cell_grad = nullptr;    // [B, H] or null
  std::byte* scratch = nullptr;      // LstmBackwardScratch bytes
};

struct PanelShape;
// How W [H, 4H] is packed for either pass.
PanelShape LstmForwardPanels(int64_t hidden);
PanelShape LstmBackwardPanels(int64_t hidden);

// Bytes of LstmBackward::scratch.
template <class T>
size_t LstmBackwardScratch(const LstmConfig& config, int64_t sequences);

template <class T>
void RunLstm(const LstmConfig& config, const Lod& lod, const LstmForward<T>& args);
template <class T>
void RunLstmGrad(const LstmConfig& config, const Lod& lod, const LstmBackward<T>& args);

}  // namespace paddle
