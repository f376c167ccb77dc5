// In place of math/cuda/conv.cc: the CPU's convolutions.
#include "paddle/math/cuda/conv.h"

namespace paddle::cuda {

struct Convolution::Impl : paddle::Convolution {
  using paddle::Convolution::Convolution;
};

Convolution::Convolution(const CudaContext&, DType dtype, const ConvShape& shape, ConvPass pass)
    : impl_(std::make_shared<Impl>(dtype, shape, pass)) {}

size_t Convolution::scratch_bytes() const { return impl_ ? impl_->scratch_bytes() : 0; }

template <class T>
void Convolution::Run(const CudaContext&, const T* a, const T* b, T* out, std::byte* scratch) const {
  const EmulatedWork work;
  impl_->Run(a, b, out, scratch);
}
template void Convolution::Run(const CudaContext&, const float*, const float*, float*, std::byte*) const;
template void Convolution::Run(const CudaContext&, const double*, const double*, double*, std::byte*) const;

}  // namespace paddle::cuda
