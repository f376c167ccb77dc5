// pow on the GPU. An exponent given as a tensor stays there.
#include "paddle/math/activation.h"
#include "paddle/math/cuda/launch.h"
#include "paddle/op/registry.h"
#include "paddle/ops/activation/pow.h"

namespace paddle {
namespace {

template <class T>
void ToFloat(const CudaContext& context, const T* from, float* to) {
  cuda::ForEach(context, 1, [=] __device__(int64_t) { *to = static_cast<float>(*from); });
}

// The exponent for kernels: `value`, unless there is a tensor of it.
class Exponent {
 public:
  Exponent(const CudaContext& context, const PowAttrs& attrs, const Tensor* factor) : value_(attrs.factor) {
    if (!factor) return;
    memory_ = context.allocator().Allocate(sizeof(float));
    auto* to = reinterpret_cast<float*>(memory_->data());
    VisitNumber(factor->dtype(), [&]<class T>() { ToFloat(context, factor->data<T>(), to); });
  }

  struct Function {
    float value;
    const float* tensor;
    constexpr math::Pow Get() const { return {tensor ? *tensor : value}; }
  };
  Function function() const { return {value_, memory_ ? reinterpret_cast<const float*>(memory_->data()) : nullptr}; }

 private:
  float value_;
  BufferPtr memory_;
};

template <class T>
void Map(const CudaContext& context, Exponent::Function f, const T* x, int64_t n, T* out) {
  cuda::ForEach(context, n, [=] __device__(int64_t i) { out[i] = f.Get()(x[i]); });
}

template <class T>
void MapGrad(const CudaContext& context, Exponent::Function f, const T* x, const T* dout, int64_t n, T* dx) {
  cuda::ForEach(context, n, [=] __device__(int64_t i) { dx[i] = f.Get().Grad(x[i], dout[i]); });
}

void Pow(const CudaContext& context, const PowAttrs& attrs, const Tensor& x, const Tensor* factor, Tensor& out) {
  const Exponent exponent(context, attrs, factor);
  VisitNumber(x.dtype(),
              [&]<class T>() { Map(context, exponent.function(), x.data<T>(), x.numel(), out.mutable_data<T>()); });
}

void PowGrad(const CudaContext& context, const PowAttrs& attrs, const Tensor* factor, const Tensor& dout,
             const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const Exponent exponent(context, attrs, factor);
  VisitNumber(x.dtype(), [&]<class T>() {
    MapGrad(context, exponent.function(), x.data<T>(), dout.data<T>(), x.numel(), dx->mutable_data<T>());
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("pow", Pow),
    RegisterKernel("pow_grad", PowGrad),
};

}  // namespace
}  // namespace paddle
