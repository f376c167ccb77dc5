#include "paddle/math/cuda/launch.h"
#include "paddle/op/registry.h"
#include "paddle/ops/arithmetic/increment.h"

namespace paddle {
namespace {

template <class T>
void Add(const CudaContext& context, const Tensor& x, T step, Tensor* out) {
  const T* from = x.data<T>();
  T* to = out->mutable_data<T>();
  cuda::ForEach(context, 1, [=] __device__(int64_t i) { to[i] = from[i] + step; });
}

void Increment(const CudaContext& context, const IncrementAttrs& attrs, const Tensor& x, Tensor& out) {
  VisitNumber(x.dtype(), [&]<class T>() { Add(context, x, static_cast<T>(attrs.step), &out); });
}

const Registered kCuda = RegisterKernel("increment", Increment);

}  // namespace
}  // namespace paddle
