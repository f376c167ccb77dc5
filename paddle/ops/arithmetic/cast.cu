#include "paddle/math/cuda/cast.h"
#include "paddle/op/registry.h"
#include "paddle/ops/arithmetic/cast.h"

namespace paddle {
namespace {

void Cast(const CudaContext& context, const CastAttrs&, const Tensor& x, Tensor& out) {
  cuda::CastArray(context, x.raw(), x.dtype(), out.mutable_raw(), out.dtype(), x.numel());
}

const Registered kCuda = RegisterKernel("cast", Cast);

}  // namespace
}  // namespace paddle
