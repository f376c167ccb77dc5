// Stochastic gradient descent.
#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) { InferUpdate(context, {"Grad"}, {{"ParamOut", "Param"}}); }

void Update(const Tensor& param, const Tensor& rate, const Tensor& grad, const Tensor* factor, Tensor& param_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const T lr = *rate.data<T>();
    const T* p = param.data<T>();
    T* out = param_out.mutable_data<T>();
    ForEachElement<T>(grad, factor, [=](int64_t i, T g) { out[i] = p[i] - lr * g; });
  });
}

void Sgd(const CpuContext&, const NoAttrs&, const Tensor& param, const Tensor& rate, const Tensor& grad,
         Tensor& param_out) {
  Update(param, rate, grad, nullptr, param_out);
}

void ScaledSgd(const CpuContext&, const NoAttrs&, const Tensor& param, const Tensor& rate, const Tensor& grad,
               const Tensor& factor, Tensor& param_out) {
  Update(param, rate, grad, &factor, param_out);
}

// Only the rows of the gradient change: Param and ParamOut are one tensor.
void UpdateRows(RowMerger& rows, const Tensor& param, const Tensor& rate, const SelectedRows& grad,
                const Tensor* factor, Tensor& param_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    const T lr = *rate.data<T>();
    T* out = param_out.mutable_data<T>();
    ForEachTouched<T>(rows, ByFactor<T>(factor, [=](int64_t i, T g) { out[i] -= lr * g; }));
  });
}

void SgdSparse(const CpuContext&, const NoAttrs&, RowMerger& rows, const Tensor& param, const Tensor& rate,
               const SelectedRows& grad, Tensor& param_out) {
  UpdateRows(rows, param, rate, grad, nullptr, param_out);
}

void ScaledSgdSparse(const CpuContext&, const NoAttrs&, RowMerger& rows, const Tensor& param, const Tensor& rate,
                     const SelectedRows& grad, const Tensor& factor, Tensor& param_out) {
  UpdateRows(rows, param, rate, grad, &factor, param_out);
}

const OpSpec<NoAttrs> kSgd{
    .name = "sgd",
    .doc = "Stochastic gradient descent: ParamOut = Param - LearningRate Grad.",
    .inputs = {{"Param", "The parameter."},
               {"LearningRate", "One number."},
               {"Grad", "Gradient, dense or SelectedRows."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}},
};
const Registered kOp = RegisterOp(kSgd);
const Registered kScaledOp = RegisterOp(Scaled<NoAttrs, Infer>(
    kSgd, "scaled_sgd",
    "Stochastic gradient descent by a gradient times a number: ParamOut = Param - LearningRate (Grad Factor). Takes "
    "the place of elementwise_mul and sgd when a plan is made."));
const Registered kCpu = RegisterKernel("sgd", Sgd);
const Registered kScaledCpu = RegisterKernel("scaled_sgd", ScaledSgd);
const Registered kSparseCpu = RegisterKernel("sgd", PrepareRows<NoAttrs>, SgdSparse);
const Registered kScaledSparseCpu = RegisterKernel("scaled_sgd", PrepareRows<NoAttrs>, ScaledSgdSparse);

}  // namespace
}  // namespace paddle
