// Stochastic gradient descent.
#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) { InferUpdate(context, {"Grad"}, {{"ParamOut", "Param"}}); }

void Sgd(const CpuContext&, const NoAttrs&, const Tensor& param, const Tensor& rate, const Tensor& grad,
         Tensor& param_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const T lr = *rate.data<T>();
    const T *p = param.data<T>(), *g = grad.data<T>();
    T* out = param_out.mutable_data<T>();
    ForEachElement(param.numel(), [=](int64_t i) { out[i] = p[i] - lr * g[i]; });
  });
}

// Only the rows of the gradient change: Param and ParamOut are one tensor.
void SgdSparse(const CpuContext&, const NoAttrs&, RowMerger& rows, const Tensor& param, const Tensor& rate,
               const SelectedRows& grad, Tensor& param_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    const T lr = *rate.data<T>();
    T* out = param_out.mutable_data<T>();
    ForEachTouched<T>(rows, [=](int64_t i, T g) { out[i] -= lr * g; });
  });
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "sgd",
    .doc = "Stochastic gradient descent: ParamOut = Param - LearningRate Grad.",
    .inputs = {{"Param", "The parameter."},
               {"LearningRate", "One number."},
               {"Grad", "Gradient, dense or SelectedRows."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}},
});
const Registered kCpu = RegisterKernel("sgd", Sgd);
const Registered kSparseCpu = RegisterKernel("sgd", PrepareRows<NoAttrs>, SgdSparse);

}  // namespace
}  // namespace paddle
