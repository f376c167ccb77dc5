// In place of math/cuda/gemm.cc: the CPU's products.
#include "paddle/math/cuda/gemm.h"

namespace paddle::cuda {

struct PreparedGemm::Impl : paddle::PreparedGemm {
  using paddle::PreparedGemm::PreparedGemm;
};

PreparedGemm::PreparedGemm(const CudaContext&, DType dtype, const GemmShape& shape, double alpha, double beta)
    : impl_(std::make_shared<Impl>(dtype, shape, alpha, beta)) {}

size_t PreparedGemm::scratch_bytes() const { return impl_ ? impl_->scratch_bytes() : 0; }

template <class T>
void PreparedGemm::Run(const CudaContext&, const T* a, const T* b, T* c, std::byte* scratch) const {
  const EmulatedWork work;
  impl_->Run(a, b, c, scratch);
}
template void PreparedGemm::Run(const CudaContext&, const float*, const float*, float*, std::byte*) const;
template void PreparedGemm::Run(const CudaContext&, const double*, const double*, double*, std::byte*) const;

}  // namespace paddle::cuda
