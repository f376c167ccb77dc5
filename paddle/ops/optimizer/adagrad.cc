// Adagrad (Duchi et al., 2011) and its decayed form.
#include <cmath>

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct AdagradAttrs {
  float epsilon = 1e-6f;

  static auto Fields() { return std::tuple{Field{"epsilon", &AdagradAttrs::epsilon, "Added to the divisor."}}; }
};

struct DecayedAdagradAttrs {
  float decay = 0.95f;
  float epsilon = 1e-6f;

  static auto Fields() {
    return std::tuple{Field{"decay", &DecayedAdagradAttrs::decay, "Decay of the moment."},
                      Field{"epsilon", &DecayedAdagradAttrs::epsilon, "Added to the divisor."}};
  }
};

template <class Attrs>
void Infer(const Attrs&, InferContext& context) {
  InferUpdate(context, {"Grad", "Moment"}, {{"ParamOut", "Param"}, {"MomentOut", "Moment"}});
}

// moment = old moment + new g^2, param -= lr g / (sqrt(moment) + epsilon)
template <class T>
struct Update {
  T lr, keep, add, epsilon;
  const T *param, *moment;
  T *param_out, *moment_out;

  Update(T keep_, T add_, float epsilon_, const Tensor& rate, const Tensor& p, const Tensor& m, Tensor& p_out,
         Tensor& m_out)
      : lr(*rate.data<T>()),
        keep(keep_),
        add(add_),
        epsilon(epsilon_),
        param(p.data<T>()),
        moment(m.data<T>()),
        param_out(p_out.mutable_data<T>()),
        moment_out(m_out.mutable_data<T>()) {}

  void operator()(int64_t i, T g) const {
    const T m = keep * moment[i] + add * g * g;
    moment_out[i] = m;
    param_out[i] = param[i] - lr * g / (std::sqrt(m) + epsilon);
  }
};

void Adagrad(const CpuContext&, const AdagradAttrs& attrs, const Tensor& param, const Tensor& grad,
             const Tensor& moment, const Tensor& rate, Tensor& param_out, Tensor& moment_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const Update<T> update(1, 1, attrs.epsilon, rate, param, moment, param_out, moment_out);
    const T* g = grad.data<T>();
    ForEachElement(param.numel(), [=](int64_t i) { update(i, g[i]); });
  });
}

// Rows without a gradient do not change: Param and ParamOut are one tensor, and so are the moments.
void AdagradSparse(const CpuContext&, const AdagradAttrs& attrs, RowMerger& rows, const Tensor& param,
                   const SelectedRows& grad, const Tensor& moment, const Tensor& rate, Tensor& param_out,
                   Tensor& moment_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    ForEachTouched<T>(rows, Update<T>(1, 1, attrs.epsilon, rate, param, moment, param_out, moment_out));
  });
}

void DecayedAdagrad(const CpuContext&, const DecayedAdagradAttrs& attrs, const Tensor& param, const Tensor& grad,
                    const Tensor& moment, const Tensor& rate, Tensor& param_out, Tensor& moment_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const T decay = attrs.decay;
    const Update<T> update(decay, 1 - decay, attrs.epsilon, rate, param, moment, param_out, moment_out);
    const T* g = grad.data<T>();
    ForEachElement(param.numel(), [=](int64_t i) { update(i, g[i]); });
  });
}

const Registered kOp = RegisterOp<AdagradAttrs>({
    .name = "adagrad",
    .doc = "Adagrad: MomentOut = Moment + Grad^2; ParamOut = Param - LearningRate Grad / (sqrt(MomentOut) + epsilon). "
           "Duchi et al., JMLR 12, 2011.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient, dense or SelectedRows."},
               {"Moment", "Sum of squares, of Param's shape."},
               {"LearningRate", "One number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}, {"MomentOut", "The moment, updated in place."}},
    .infer = Infer<AdagradAttrs>,
    .must_share = {{"ParamOut", "Param"}, {"MomentOut", "Moment"}},
});
const Registered kCpu = RegisterKernel("adagrad", Adagrad);
const Registered kSparseCpu = RegisterKernel("adagrad", PrepareRows<AdagradAttrs>, AdagradSparse);

const Registered kDecayed = RegisterOp<DecayedAdagradAttrs>({
    .name = "decayed_adagrad",
    .doc = "Adagrad with a decaying moment: MomentOut = decay Moment + (1 - decay) Grad^2; ParamOut = Param - "
           "LearningRate Grad / (sqrt(MomentOut) + epsilon).",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient."},
               {"Moment", "Decayed mean of squares, of Param's shape."},
               {"LearningRate", "One number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}, {"MomentOut", "The moment, updated in place."}},
    .infer = Infer<DecayedAdagradAttrs>,
    .must_share = {{"ParamOut", "Param"}, {"MomentOut", "Moment"}},
});
const Registered kDecayedCpu = RegisterKernel("decayed_adagrad", DecayedAdagrad);

}  // namespace
}  // namespace paddle
