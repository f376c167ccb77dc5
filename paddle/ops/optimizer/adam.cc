// Adam (Kingma and Ba, 2014, arXiv:1412.6980).
#include "paddle/ops/optimizer/adam.h"

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

using Attrs = AdamAttrs;

void CheckOne(InferContext& context, std::string_view slot) {
  if (context.Has(slot))
    Require(SizesAgree(context.In(slot).numel(), 1), slot, " has shape ", context.In(slot).dims,
            "; expected one number");
}

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(context, {"Grad", "Moment1", "Moment2"},
              {{"ParamOut", "Param"},
               {"Moment1Out", "Moment1"},
               {"Moment2Out", "Moment2"},
               {"Beta1PowOut", "Beta1Pow"},
               {"Beta2PowOut", "Beta2Pow"}});
  for (const auto slot : {"Beta1Pow", "Beta2Pow", "Beta1Tensor", "Beta2Tensor"}) {
    CheckOne(context, slot);
    context.CheckSameDType("Param", slot);
  }
}

// All arguments but the gradient.
struct Args {
  const Tensor &param, &rate, &moment1, &moment2, &beta1_pow, &beta2_pow;
  const Tensor *beta1, *beta2;
  Tensor &param_out, &moment1_out, &moment2_out;
  Tensor *beta1_pow_out, *beta2_pow_out;
};

template <class T>
struct Update {
  AdamStep<T> step;
  T *param, *moment1, *moment2;

  Update(const Attrs& attrs, const Args& a, bool advanced = false)
      : step{a.beta1 ? *a.beta1->data<T>() : T(attrs.beta1), a.beta2 ? *a.beta2->data<T>() : T(attrs.beta2),
             T(attrs.epsilon), 0},
        param(a.param_out.mutable_data<T>()),
        moment1(a.moment1_out.mutable_data<T>()),
        moment2(a.moment2_out.mutable_data<T>()) {
    step.Correct(*a.rate.data<T>(), *a.beta1_pow.data<T>(), *a.beta2_pow.data<T>(), advanced);
  }

  void operator()(int64_t i, T g) const { step(g, param + i, moment1 + i, moment2 + i); }
};

// Last, because the powers may share memory with their inputs.
template <class T>
void UpdatePowers(const Update<T>& update, const Args& a) {
  if (a.beta1_pow_out) *a.beta1_pow_out->mutable_data<T>() = update.step.beta1 * *a.beta1_pow.data<T>();
  if (a.beta2_pow_out) *a.beta2_pow_out->mutable_data<T>() = update.step.beta2 * *a.beta2_pow.data<T>();
}

void UpdateDense(const Attrs& attrs, const Args& args, const Tensor& grad, const Tensor* factor) {
  VisitFloat(grad.dtype(), [&]<class T>() {
    const Update<T> update(attrs, args);
    ForEachElement<T>(grad, factor, update);
    UpdatePowers(update, args);
  });
}

void Adam(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor& rate,
          const Tensor& moment1, const Tensor& moment2, const Tensor& beta1_pow, const Tensor& beta2_pow,
          const Tensor* beta1, const Tensor* beta2, Tensor& param_out, Tensor& moment1_out, Tensor& moment2_out,
          Tensor* beta1_pow_out, Tensor* beta2_pow_out) {
  const Args args{param, rate,      moment1,     moment2,     beta1_pow,     beta2_pow,    beta1,
                  beta2, param_out, moment1_out, moment2_out, beta1_pow_out, beta2_pow_out};
  UpdateDense(attrs, args, grad, nullptr);
}

void ScaledAdam(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor& rate,
                const Tensor& moment1, const Tensor& moment2, const Tensor& beta1_pow, const Tensor& beta2_pow,
                const Tensor* beta1, const Tensor* beta2, const Tensor& factor, Tensor& param_out, Tensor& moment1_out,
                Tensor& moment2_out, Tensor* beta1_pow_out, Tensor* beta2_pow_out) {
  const Args args{param, rate,      moment1,     moment2,     beta1_pow,     beta2_pow,    beta1,
                  beta2, param_out, moment1_out, moment2_out, beta1_pow_out, beta2_pow_out};
  UpdateDense(attrs, args, grad, &factor);
}

void UpdateRows(const Attrs& attrs, RowMerger& rows, const Args& args, const SelectedRows& grad, const Tensor* factor) {
  rows.Merge(grad);
  VisitFloat(args.param.dtype(), [&]<class T>() {
    const Update<T> update(attrs, args, args.beta1_pow_out && args.beta2_pow_out);
    if (attrs.lazy_mode)
      ForEachTouched<T>(rows, ByFactor<T>(factor, update));
    else
      ForEachElement<T>(rows, args.param.dim(0), ByFactor<T>(factor, update));
    UpdatePowers(update, args);
  });
}

void AdamSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param, const SelectedRows& grad,
                const Tensor& rate, const Tensor& moment1, const Tensor& moment2, const Tensor& beta1_pow,
                const Tensor& beta2_pow, const Tensor* beta1, const Tensor* beta2, Tensor& param_out,
                Tensor& moment1_out, Tensor& moment2_out, Tensor* beta1_pow_out, Tensor* beta2_pow_out) {
  const Args args{param, rate,      moment1,     moment2,     beta1_pow,     beta2_pow,    beta1,
                  beta2, param_out, moment1_out, moment2_out, beta1_pow_out, beta2_pow_out};
  UpdateRows(attrs, rows, args, grad, nullptr);
}

void ScaledAdamSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param,
                      const SelectedRows& grad, const Tensor& rate, const Tensor& moment1, const Tensor& moment2,
                      const Tensor& beta1_pow, const Tensor& beta2_pow, const Tensor* beta1, const Tensor* beta2,
                      const Tensor& factor, Tensor& param_out, Tensor& moment1_out, Tensor& moment2_out,
                      Tensor* beta1_pow_out, Tensor* beta2_pow_out) {
  const Args args{param, rate,      moment1,     moment2,     beta1_pow,     beta2_pow,    beta1,
                  beta2, param_out, moment1_out, moment2_out, beta1_pow_out, beta2_pow_out};
  UpdateRows(attrs, rows, args, grad, &factor);
}

const OpSpec<Attrs> kAdam{
    .name = "adam",
    .doc =
        "Adam: Moment1Out = beta1 Moment1 + (1 - beta1) Grad; Moment2Out = beta2 Moment2 + (1 - beta2) Grad^2; "
        "ParamOut = Param - LearningRate "
        "sqrt(1 - Beta2Pow) / (1 - Beta1Pow) Moment1Out / (sqrt(Moment2Out) + epsilon). Rows that a sparse gradient "
        "lacks count as zero, unless "
        "lazy_mode; with such a gradient the powers of the next step, Beta1PowOut and Beta2PowOut, take the place of "
        "Beta1Pow and Beta2Pow. Kingma and Ba, 2014, arXiv:1412.6980.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient, dense or SelectedRows."},
               {"LearningRate", "One number."},
               {"Moment1", "First moment, of Param's shape."},
               {"Moment2", "Second moment, of Param's shape."},
               {"Beta1Pow", "beta1 to the power of the step's number, one number."},
               {"Beta2Pow", "beta2 to the power of the step's number, one number."},
               {"Beta1Tensor", "One number in place of the attribute beta1.", kOptional},
               {"Beta2Tensor", "One number in place of the attribute beta2.", kOptional}},
    .outputs = {{"ParamOut", "The parameter, updated in place."},
                {"Moment1Out", "The first moment, updated in place."},
                {"Moment2Out", "The second moment, updated in place."},
                {"Beta1PowOut", "Beta1Pow beta1; programs that scale it themselves leave it out.", kOptional},
                {"Beta2PowOut", "Beta2Pow beta2; programs that scale it themselves leave it out.", kOptional}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"},
                   {"Moment1Out", "Moment1"},
                   {"Moment2Out", "Moment2"},
                   {"Beta1PowOut", "Beta1Pow"},
                   {"Beta2PowOut", "Beta2Pow"}},
};
const Registered kOp = RegisterOp(kAdam);
const Registered kScaledOp = RegisterOp(Scaled<Attrs, Infer>(
    kAdam, "scaled_adam",
    "What adam does with the gradient Grad Factor. Takes the place of elementwise_mul and adam when a plan is made."));
const Registered kCpu = RegisterKernel("adam", Adam);
const Registered kScaledCpu = RegisterKernel("scaled_adam", ScaledAdam);
const Registered kSparseCpu = RegisterKernel("adam", PrepareRows<Attrs>, AdamSparse);
const Registered kScaledSparseCpu = RegisterKernel("scaled_adam", PrepareRows<Attrs>, ScaledAdamSparse);

}  // namespace
}  // namespace paddle
