// In place of math/cuda/conv.cc: the CPU's convolutions.
#include "paddle/math/cuda/conv.h"

namespace paddle::cuda {

struct Convolution::Impl {
  paddle::Convolution conv;
  ConvShape shape;
  ConvPass pass;
};

Convolution::Convolution(const CudaContext&, DType dtype, const ConvShape& shape, ConvPass pass)
    : impl_(std::make_shared<Impl>(Impl{paddle::Convolution(dtype, shape, pass), shape, pass})) {}

size_t Convolution::scratch_bytes() const { return impl_ ? impl_->conv.scratch_bytes() : 0; }

namespace {

template <class T>
Tensor View(const T* data, int64_t size) {
  Tensor view;
  view.meta().dims = {size};
  view.meta().dtype = DTypeOf<T>();
  auto* bytes = reinterpret_cast<std::byte*>(const_cast<T*>(data));
  view.Bind(std::make_shared<Buffer>(bytes, view.bytes(), Place{}, nullptr), 0);
  return view;
}

}  // namespace

template <class T>
void Convolution::Run(const CudaContext&, const T* a, const T* b, T* out, std::byte* scratch) const {
  const EmulatedWork work;
  const ConvShape& s = impl_->shape;
  const bool forward = impl_->pass == ConvPass::kForward, input_grad = impl_->pass == ConvPass::kInputGrad;
  Tensor to = View(out, forward ? s.output_size() : input_grad ? s.input_size() : s.filter_size());
  impl_->conv.Run(View(a, input_grad ? s.output_size() : s.input_size()),
                  View(b, forward || input_grad ? s.filter_size() : s.output_size()), to, scratch);
}
template void Convolution::Run(const CudaContext&, const float*, const float*, float*, std::byte*) const;
template void Convolution::Run(const CudaContext&, const double*, const double*, double*, std::byte*) const;

}  // namespace paddle::cuda
