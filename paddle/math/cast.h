#pragma once
// Conversion of element types.

#include <cstdint>

#include "paddle/tensor/dtype.h"

namespace paddle::math {

// to[i] = from[i] converted as C++ does it; to bool: whether it is not 0; through float where a half type is involved.
// The two arrays may be the same memory when the element sizes are equal.
void CastArray(const void* from, DType from_type, void* to, DType to_type, int64_t n);

}  // namespace paddle::math
