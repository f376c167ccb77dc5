#pragma once
// Gradient of a recurrent weight: one product over all tokens.

#include <cstdint>

#include "paddle/tensor/lod.h"

namespace paddle {

template <class T>
struct RecurrentWeightGrad {
  int64_t hidden = 0, columns = 0;
  bool time_major = false;     // rows stand step by step, see LstmConfig
  const T* states = nullptr;   // [R, hidden] after each step
  const T* initial = nullptr;  // [B, hidden] before the first, or null: zero
  T* grads = nullptr;          // [R, ...] gradients of what the weight made of the state before; as it was on return
  int64_t grads_stride = 0;    // elements from row to row
  T* out = nullptr;            // [hidden, columns]
  T* scratch = nullptr;        // [B, columns], unless time_major
};

// out = sum over tokens of (state before the token)' * (gradient at the token).
template <class T>
void RunRecurrentWeightGrad(const Lod& lod, bool reverse, const RecurrentWeightGrad<T>& args);

}  // namespace paddle
