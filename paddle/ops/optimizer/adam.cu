#include "paddle/math/cuda/merge_rows.h"
#include "paddle/op/registry.h"
#include "paddle/ops/optimizer/adam.h"

namespace paddle {
namespace {

using Attrs = AdamAttrs;

// All arguments but the gradient.
struct Args {
  const Tensor &param, &rate, &beta1_pow, &beta2_pow;
  const Tensor *beta1, *beta2;
  Tensor &param_out, &moment1_out, &moment2_out;
  Tensor *beta1_pow_out, *beta2_pow_out;
};

template <class T>
const T* DataOf(const Tensor* tensor) {
  return tensor ? tensor->data<T>() : nullptr;
}

// Learning rate, powers and, where they are given, betas are read on the device.
template <class T>
struct Update {
  AdamStep<T> step;
  const T *rate, *beta1_pow, *beta2_pow, *beta1, *beta2;
  T *param, *moment1, *moment2;
  bool advanced;

  Update(const Attrs& attrs, const Args& a, bool advanced = false)
      : step{T(attrs.beta1), T(attrs.beta2), T(attrs.epsilon), 0},
        rate(a.rate.data<T>()),
        beta1_pow(a.beta1_pow.data<T>()),
        beta2_pow(a.beta2_pow.data<T>()),
        beta1(DataOf<T>(a.beta1)),
        beta2(DataOf<T>(a.beta2)),
        param(a.param_out.mutable_data<T>()),
        moment1(a.moment1_out.mutable_data<T>()),
        moment2(a.moment2_out.mutable_data<T>()),
        advanced(advanced) {}

  __device__ void operator()(int64_t i, T g) const {
    AdamStep<T> now = step;
    if (beta1) now.beta1 = *beta1;
    if (beta2) now.beta2 = *beta2;
    now.Correct(*rate, *beta1_pow, *beta2_pow, advanced);
    now(g, param + i, moment1 + i, moment2 + i);
  }
};

template <class T>
void RunDense(const CudaContext& context, const Update<T>& update, const Tensor& grad) {
  const T* g = grad.data<T>();
  const Update<T> copy = update;
  cuda::ForEach(context, grad.numel(), [=] __device__(int64_t i) { copy(i, g[i]); });
}

// In a launch of its own, because the powers may share memory with their inputs, which the update reads.
template <class T>
void UpdatePowers(const CudaContext& context, const Update<T>& update, const Args& a) {
  T* pow1 = a.beta1_pow_out ? a.beta1_pow_out->mutable_data<T>() : nullptr;
  T* pow2 = a.beta2_pow_out ? a.beta2_pow_out->mutable_data<T>() : nullptr;
  if (!pow1 && !pow2) return;
  const Update<T> u = update;
  cuda::ForEach(context, 1, [=] __device__(int64_t) {
    if (pow1) *pow1 = (u.beta1 ? *u.beta1 : u.step.beta1) * *u.beta1_pow;
    if (pow2) *pow2 = (u.beta2 ? *u.beta2 : u.step.beta2) * *u.beta2_pow;
  });
}

void Adam(const CudaContext& context, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor& rate,
          const Tensor&, const Tensor&, const Tensor& beta1_pow, const Tensor& beta2_pow, const Tensor* beta1,
          const Tensor* beta2, Tensor& param_out, Tensor& moment1_out, Tensor& moment2_out, Tensor* beta1_pow_out,
          Tensor* beta2_pow_out) {
  const Args args{param,     rate,        beta1_pow,   beta2_pow,     beta1,        beta2,
                  param_out, moment1_out, moment2_out, beta1_pow_out, beta2_pow_out};
  VisitFloat(param.dtype(), [&]<class T>() {
    const Update<T> update(attrs, args);
    RunDense(context, update, grad);
    UpdatePowers(context, update, args);
  });
}

// The powers are those of the next step, as on the CPU.
void AdamSparse(const CudaContext& context, const Attrs& attrs, const Tensor& param, const SelectedRows& grad,
                const Tensor& rate, const Tensor&, const Tensor&, const Tensor& beta1_pow, const Tensor& beta2_pow,
                const Tensor* beta1, const Tensor* beta2, Tensor& param_out, Tensor& moment1_out, Tensor& moment2_out,
                Tensor* beta1_pow_out, Tensor* beta2_pow_out) {
  const Args args{param,     rate,        beta1_pow,   beta2_pow,     beta1,        beta2,
                  param_out, moment1_out, moment2_out, beta1_pow_out, beta2_pow_out};
  cuda::RowMerger rows;
  rows.Sort(context, grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    const Update<T> update(attrs, args, beta1_pow_out && beta2_pow_out);
    if (attrs.lazy_mode)
      rows.ForEachTouched(context, grad.value.data<T>(), update);
    else
      rows.ForEachElement(context, grad.value.data<T>(), param.dim(0), update);
    UpdatePowers(context, update, args);
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("adam", Adam),
    RegisterKernel("adam", AdamSparse),
};

}  // namespace
}  // namespace paddle
