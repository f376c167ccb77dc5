#include "paddle/math/cuda/merge_rows.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

template <class T>
void RunSgd(const CudaContext& context, const Tensor& rate, const Tensor& grad, Tensor* param) {
  const T *lr = rate.data<T>(), *g = grad.data<T>();
  T* p = param->mutable_data<T>();
  cuda::ForEach(context, param->numel(), [=] __device__(int64_t i) { p[i] -= *lr * g[i]; });
}

void Sgd(const CudaContext& context, const NoAttrs&, const Tensor& param, const Tensor& rate, const Tensor& grad,
         Tensor& param_out) {
  VisitFloat(param.dtype(), [&]<class T>() { RunSgd<T>(context, rate, grad, &param_out); });
}

template <class T>
void RunSparse(const CudaContext& context, const Tensor& rate, const SelectedRows& grad, Tensor* param) {
  cuda::RowMerger rows;
  rows.Sort(context, grad);
  const T* lr = rate.data<T>();
  T* p = param->mutable_data<T>();
  rows.ForEachTouched(context, grad.value.data<T>(), [=] __device__(int64_t i, T g) { p[i] -= *lr * g; });
}

void SgdSparse(const CudaContext& context, const NoAttrs&, const Tensor& param, const Tensor& rate,
               const SelectedRows& grad, Tensor& param_out) {
  VisitFloat(param.dtype(), [&]<class T>() { RunSparse<T>(context, rate, grad, &param_out); });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("sgd", Sgd),
    RegisterKernel("sgd", SgdSparse),
};

}  // namespace
}  // namespace paddle
