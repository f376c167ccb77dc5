#include <algorithm>

#include "paddle/math/cuda/launch.h"
#include "paddle/op/registry.h"
#include "paddle/ops/arithmetic/scale.h"

namespace paddle {
namespace {

template <class T>
void RunScale(const CudaContext& context, const ScaleAttrs& attrs, const Tensor& x, const Tensor* factor, Tensor* out) {
  const T* from = x.data<T>();
  const T* given = factor ? factor->data<T>() : nullptr;
  T* to = out->mutable_data<T>();
  const T scale = static_cast<T>(attrs.scale), bias = static_cast<T>(attrs.bias);
  const bool after = attrs.bias_after_scale;
  cuda::ForEach(context, x.numel(), [=] __device__(int64_t i) {
    const T s = given ? *given : scale;
    const T b = after ? bias : static_cast<T>(bias * s);
    to[i] = static_cast<T>(from[i] * s + b);
  });
}

void Scale(const CudaContext& context, const ScaleAttrs& attrs, const Tensor& x, const Tensor* factor, Tensor* out) {
  VisitAny(x.dtype(), [&]<class T>() {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
      ThrowDType(x.dtype(), "a number type");
    else
      RunScale<T>(context, attrs, x, factor, out);
  });
}

void Dense(const CudaContext& context, const ScaleAttrs& attrs, const Tensor& x, const Tensor* factor, Tensor& out) {
  Scale(context, attrs, x, factor, &out);
}

void Sparse(const CudaContext& context, const ScaleAttrs& attrs, const SelectedRows& x, const Tensor* factor,
            SelectedRows& out) {
  Require(attrs.bias == 0, "a sparse X takes no bias, got ", attrs.bias);
  if (&out != &x) {
    out.Allocate(static_cast<int64_t>(x.rows.size()), context.allocator());
    std::copy(x.rows.begin(), x.rows.end(), out.rows.begin());
  }
  Scale(context, attrs, x.value, factor, &out.value);
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("scale", Dense),
    RegisterKernel("scale", Sparse),
};

}  // namespace
}  // namespace paddle
