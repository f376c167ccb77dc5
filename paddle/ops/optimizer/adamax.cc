// Adamax: Adam with the largest absolute gradient in the place of the second moment (Kingma and Ba, 2014).
#include <algorithm>
#include <cmath>

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct AdamaxAttrs {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;

  static auto Fields() {
    using A = AdamaxAttrs;
    return std::tuple{Field{"beta1", &A::beta1, "Decay of the first moment."},
                      Field{"beta2", &A::beta2, "Decay of the norm."},
                      Field{"epsilon", &A::epsilon, "Added to the decayed norm."}};
  }
};

using Attrs = AdamaxAttrs;

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(context, {"Grad", "Moment", "InfNorm"},
              {{"ParamOut", "Param"}, {"MomentOut", "Moment"}, {"InfNormOut", "InfNorm"}});
  Require(SizesAgree(context.In("Beta1Pow").numel(), 1), "Beta1Pow has shape ", context.In("Beta1Pow").dims,
          "; expected one number");
  context.CheckSameDType("Param", "Beta1Pow");
}

void Adamax(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor& rate,
            const Tensor& moment, const Tensor& norm, const Tensor& beta1_pow, Tensor& param_out, Tensor& moment_out,
            Tensor& norm_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const T *p = param.data<T>(), *g = grad.data<T>(), *m = moment.data<T>(), *u = norm.data<T>();
    T *p_out = param_out.mutable_data<T>(), *m_out = moment_out.mutable_data<T>(), *u_out = norm_out.mutable_data<T>();
    const T beta1 = attrs.beta1, beta2 = attrs.beta2, epsilon = attrs.epsilon,
            lr = *rate.data<T>() / (1 - *beta1_pow.data<T>());
    ForEachElement(param.numel(), [=](int64_t i) {
      m_out[i] = beta1 * m[i] + (1 - beta1) * g[i];
      u_out[i] = std::max(std::abs(g[i]), beta2 * u[i] + epsilon);
      p_out[i] = p[i] - lr * (m_out[i] / u_out[i]);
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "adamax",
    .doc = "Adamax: MomentOut = beta1 Moment + (1 - beta1) Grad; InfNormOut = max(beta2 InfNorm + epsilon, |Grad|); "
           "ParamOut = Param - LearningRate / "
           "(1 - Beta1Pow) MomentOut / InfNormOut. Kingma and Ba, 2014, arXiv:1412.6980, section 7.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient."},
               {"LearningRate", "One number."},
               {"Moment", "First moment, of Param's shape."},
               {"InfNorm", "Decayed largest absolute gradient, of Param's shape."},
               {"Beta1Pow", "beta1 to the power of the step's number, one number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."},
                {"MomentOut", "The moment, updated in place."},
                {"InfNormOut", "The norm, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}, {"MomentOut", "Moment"}, {"InfNormOut", "InfNorm"}},
});
const Registered kCpu = RegisterKernel("adamax", Adamax);

}  // namespace
}  // namespace paddle
