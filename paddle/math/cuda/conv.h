#pragma once
// Two-dimensional convolution and its gradients on the GPU, by cuDNN, in full precision and without atomic sums.

#include <memory>

#include "paddle/device/cuda/context.h"
#include "paddle/math/conv.h"

namespace paddle::cuda {

// One pass prepared for its sizes, for the State of a kernel: as paddle::Convolution.
class Convolution {
 public:
  Convolution() = default;
  Convolution(const CudaContext& context, DType dtype, const ConvShape& shape, ConvPass pass);

  size_t scratch_bytes() const;
  template <class T>
  void Run(const CudaContext& context, const T* a, const T* b, T* out, std::byte* scratch) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace paddle::cuda
