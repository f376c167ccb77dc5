#pragma once
// Arrays of one value on the GPU.

#include <bit>

#include "paddle/math/cuda/launch.h"
#include "paddle/tensor/tensor.h"

namespace paddle::cuda {

// T: an unsigned integer of the element's size, for elements of any type.
template <class T>
void FillBits(const CudaContext& context, T* to, int64_t n, T value) {
  ForEach(context, n, [=] __device__(int64_t i) { to[i] = value; });
}

}  // namespace paddle::cuda
