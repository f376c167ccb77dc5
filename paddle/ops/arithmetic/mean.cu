#include "paddle/math/arithmetic.h"
#include "paddle/math/cuda/reduce.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

template <class T>
void RunMean(const CudaContext& context, const Tensor& x, Tensor* out) {
  const T* from = x.data<T>();
  T* to = out->mutable_data<T>();
  const T count = static_cast<T>(x.numel());
  cuda::Reduce(
      context, 1, x.numel(), T(0), [=] __device__(int64_t, int64_t k) { return from[k]; }, math::Add(),
      [=] __device__(int64_t, T sum) { *to = sum / count; });
}

void Mean(const CudaContext& context, const NoAttrs&, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() { RunMean<T>(context, x, &out); });
}

template <class T>
void RunMeanGrad(const CudaContext& context, const Tensor& dout, Tensor* dx) {
  const T* d = dout.data<T>();
  T* to = dx->mutable_data<T>();
  const T count = static_cast<T>(dx->numel());
  cuda::ForEach(context, dx->numel(), [=] __device__(int64_t i) { to[i] = *d / count; });
}

void MeanGrad(const CudaContext& context, const NoAttrs&, const Tensor& dout, const Tensor&, Tensor* dx) {
  if (dx) VisitFloat(dout.dtype(), [&]<class T>() { RunMeanGrad<T>(context, dout, dx); });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("mean", Mean),
    RegisterKernel("mean_grad", MeanGrad),
};

}  // namespace
}  // namespace paddle
