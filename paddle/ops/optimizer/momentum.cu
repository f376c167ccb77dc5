#include "paddle/math/cuda/merge_rows.h"
#include "paddle/op/registry.h"
#include "paddle/ops/optimizer/momentum.h"

namespace paddle {
namespace {

using Attrs = MomentumAttrs;

// The learning rate is read on the device.
template <class T>
struct Update {
  MomentumStep<T> step;
  const T* rate;
  T *param, *velocity;

  Update(const Attrs& attrs, const Tensor& lr, Tensor& param_out, Tensor& velocity_out)
      : step{0, T(attrs.mu), attrs.use_nesterov},
        rate(lr.data<T>()),
        param(param_out.mutable_data<T>()),
        velocity(velocity_out.mutable_data<T>()) {}

  __device__ void operator()(int64_t i, T g) const {
    MomentumStep<T> now = step;
    now.rate = *rate;
    now(g, param + i, velocity + i);
  }
};

template <class T>
void RunDense(const CudaContext& context, const Update<T>& update, const Tensor& grad) {
  const T* g = grad.data<T>();
  const Update<T> copy = update;
  cuda::ForEach(context, grad.numel(), [=] __device__(int64_t i) { copy(i, g[i]); });
}

void Momentum(const CudaContext& context, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor&,
              const Tensor& rate, Tensor& param_out, Tensor& velocity_out) {
  VisitFloat(param.dtype(),
             [&]<class T>() { RunDense(context, Update<T>(attrs, rate, param_out, velocity_out), grad); });
}

void MomentumSparse(const CudaContext& context, const Attrs& attrs, const Tensor& param, const SelectedRows& grad,
                    const Tensor&, const Tensor& rate, Tensor& param_out, Tensor& velocity_out) {
  cuda::RowMerger rows;
  rows.Sort(context, grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    rows.ForEachElement(context, grad.value.data<T>(), param.dim(0), Update<T>(attrs, rate, param_out, velocity_out));
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("momentum", Momentum),
    RegisterKernel("momentum", MomentumSparse),
};

}  // namespace
}  // namespace paddle
