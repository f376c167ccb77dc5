#pragma once
// Conversion of element types on the GPU.

#include "paddle/math/cuda/launch.h"
#include "paddle/tensor/dtype.h"

namespace paddle::cuda {

// As math::CastArray. The arrays may be the same memory when the element sizes are equal.
void CastArray(const CudaContext& context, const void* from, DType from_type, void* to, DType to_type, int64_t n);

}  // namespace paddle::cuda
