#pragma once
// Copies of whole tensors on the GPU.

#include "paddle/device/cuda/context.h"
#include "paddle/tensor/tensor.h"

namespace paddle::cuda {

// The elements of `from`, of the same size, unless `to` shares their memory.
inline void CopyElements(const CudaContext& context, const Tensor& from, Tensor* to) {
  if (to->mutable_raw() != from.raw()) context.Copy(to->mutable_raw(), from.raw(), from.bytes());
}

}  // namespace paddle::cuda
