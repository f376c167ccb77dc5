// sequence_softmax on the GPU: one team a sequence.
#include "paddle/math/cuda/lod.h"
#include "paddle/math/cuda/softmax.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence_softmax.h"

namespace paddle {
namespace {

template <class T>
void OverSequences(const CudaContext& context, const Lod& lod, const T* x, T* y) {
  const auto copy = cuda::Offsets(context, lod);
  const int64_t* offsets = copy.data();
  cuda::ForEachTeam(context, lod.last_sequences(), [=] __device__(cuda::Team & team, int64_t s) {
    const int64_t begin = offsets[s], size = offsets[s + 1] - begin;
    if (size > 0) cuda::SoftmaxRow(team, size, 1, false, x + begin, y + begin);
  });
}

template <class T>
void GradOverSequences(const CudaContext& context, const Lod& lod, const T* y, const T* dy, T* dx) {
  const auto copy = cuda::Offsets(context, lod);
  const int64_t* offsets = copy.data();
  cuda::ForEachTeam(context, lod.last_sequences(), [=] __device__(cuda::Team & team, int64_t s) {
    const int64_t begin = offsets[s];
    cuda::SoftmaxGradRow(team, offsets[s + 1] - begin, 1, false, y + begin, dy + begin, dx + begin);
  });
}

void Run(const CudaContext& context, const SequenceSoftmaxAttrs&, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() { OverSequences(context, x.lod(), x.data<T>(), out.mutable_data<T>()); });
}

void RunGrad(const CudaContext& context, const SequenceSoftmaxAttrs&, const Tensor& out, const Tensor& d_out,
             const Tensor& x, Tensor* dx) {
  if (!dx) return;
  VisitFloat(out.dtype(), [&]<class T>() {
    GradOverSequences(context, x.lod(), out.data<T>(), d_out.data<T>(), dx->mutable_data<T>());
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("sequence_softmax", Run),
    RegisterKernel("sequence_softmax_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
