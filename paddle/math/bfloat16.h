#pragma once
// bfloat16 as a type of storage: arithmetic is done in float.

#include <type_traits>

#include "paddle/tensor/dtype.h"
#include "paddle/tensor/half.h"

namespace paddle {

// The type that values kept as T are computed in.
template <class T>
using Computed = std::conditional_t<std::is_same_v<T, BFloat16>, float, T>;

// A computed value as it is kept, rounded to nearest even. Unlike BFloat16's constructor it is inlined into loops.
template <class T>
constexpr T Kept(Computed<T> value) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    BFloat16 kept;
    kept.bits = BFloatBits(value);
    return kept;
  } else {
    return value;
  }
}

}  // namespace paddle
