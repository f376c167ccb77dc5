// lod_reset on the GPU: the rows are copied, unless they share their memory.
#include "paddle/math/cuda/copy.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/lod_reset.h"

namespace paddle {
namespace {

void Run(const CudaContext& context, const LodResetAttrs&, const Tensor& x, const Tensor*, Tensor& out) {
  cuda::CopyElements(context, x, &out);
}

void RunGrad(const CudaContext& context, const LodResetAttrs&, const Tensor& d_out, const Tensor&, Tensor* dx) {
  if (dx) cuda::CopyElements(context, d_out, dx);
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("lod_reset", Run),
    RegisterKernel("lod_reset_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
