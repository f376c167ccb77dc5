// Adadelta (Zeiler, 2012).
#include <cmath>

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct AdadeltaAttrs {
  float rho = 0.95f;
  float epsilon = 1e-6f;

  static auto Fields() {
    return std::tuple{Field{"rho", &AdadeltaAttrs::rho, "Decay of the means of squares."},
                      Field{"epsilon", &AdadeltaAttrs::epsilon, "Added to both means."}};
  }
};

using Attrs = AdadeltaAttrs;

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(
      context, {"Grad", "AvgSquaredGrad", "AvgSquaredUpdate"},
      {{"ParamOut", "Param"}, {"AvgSquaredGradOut", "AvgSquaredGrad"}, {"AvgSquaredUpdateOut", "AvgSquaredUpdate"}},
      false);
}

void Adadelta(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor& avg_grad,
              const Tensor& avg_update, Tensor& param_out, Tensor& avg_grad_out, Tensor& avg_update_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const T *p = param.data<T>(), *g = grad.data<T>(), *a = avg_grad.data<T>(), *u = avg_update.data<T>(),
            rho = attrs.rho, epsilon = attrs.epsilon;
    T *p_out = param_out.mutable_data<T>(), *a_out = avg_grad_out.mutable_data<T>(),
      *u_out = avg_update_out.mutable_data<T>();
    ForEachElement(param.numel(), [=](int64_t i) {
      const T mean = rho * a[i] + (1 - rho) * g[i] * g[i];
      const T step = -std::sqrt((u[i] + epsilon) / (mean + epsilon)) * g[i];
      a_out[i] = mean;
      u_out[i] = rho * u[i] + (1 - rho) * step * step;
      p_out[i] = p[i] + step;
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "adadelta",
    .doc = "Adadelta: a = rho AvgSquaredGrad + (1 - rho) Grad^2; step = -sqrt((AvgSquaredUpdate + epsilon) / (a + "
           "epsilon)) Grad; "
           "AvgSquaredUpdateOut = rho AvgSquaredUpdate + (1 - rho) step^2; ParamOut = Param + step. Zeiler, 2012, "
           "arXiv:1212.5701.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient."},
               {"AvgSquaredGrad", "Decayed mean of squared gradients, of Param's shape."},
               {"AvgSquaredUpdate", "Decayed mean of squared steps, of Param's shape."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."},
                {"AvgSquaredGradOut", "a, updated in place."},
                {"AvgSquaredUpdateOut", "The mean of squared steps, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"},
                   {"AvgSquaredGradOut", "AvgSquaredGrad"},
                   {"AvgSquaredUpdateOut", "AvgSquaredUpdate"}},
});
const Registered kCpu = RegisterKernel("adadelta", Adadelta);

}  // namespace
}  // namespace paddle
