#pragma once
// Elements of any type as bits, for kernels that only move them.

#include <cstdint>

#include "paddle/tensor/dtype.h"

namespace paddle {

// f.operator()<the unsigned integer as wide as an element>().
template <class F>
void VisitBits(DType dtype, const F& f) {
  switch (SizeOf(dtype)) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    default:
      return f.template operator()<uint64_t>();
  }
}

}  // namespace paddle
