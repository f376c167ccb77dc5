#pragma once
// Products of row-major matrices on the GPU, by cuBLASLt, in full precision.

#include <memory>

#include "paddle/device/cuda/context.h"
#include "paddle/math/gemm.h"

namespace paddle::cuda {

// A product prepared for its sizes, for the State of a kernel: as paddle::PreparedGemm. The stream keeps it for others
// of the same sizes.
class PreparedGemm {
 public:
  PreparedGemm() = default;
  // `dtype`: float32 or float64. Throws Unimplemented otherwise.
  PreparedGemm(const CudaContext& context, DType dtype, const GemmShape& shape, double alpha = 1, double beta = 0);

  size_t scratch_bytes() const;
  template <class T>
  void Run(const CudaContext& context, const T* a, const T* b, T* c, std::byte* scratch) const;

 private:
  struct Impl;
  struct Prepared;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace paddle::cuda
