// Momentum with a learning rate of its own for each layer (You et al., 2017).
#include <cmath>

#include "paddle/math/sums.h"
#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct LarsMomentumAttrs {
  float mu = 0;
  float lars_coeff = 0.001f;
  float lars_weight_decay = 0.0005f;

  static auto Fields() {
    using A = LarsMomentumAttrs;
    return std::tuple{Field{"mu", &A::mu, "Momentum.", Presence::kRequired},
                      Field{"lars_coeff", &A::lars_coeff, "Trust coefficient of the layer's learning rate."},
                      Field{"lars_weight_decay", &A::lars_weight_decay, "Weight decay."}};
  }
};

using Attrs = LarsMomentumAttrs;

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(context, {"Grad", "Velocity"}, {{"ParamOut", "Param"}, {"VelocityOut", "Velocity"}});
}

void LarsMomentum(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad,
                  const Tensor& velocity, const Tensor& rate, Tensor& param_out, Tensor& velocity_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const int64_t n = param.numel();
    const T *p = param.data<T>(), *g = grad.data<T>(), *v = velocity.data<T>();
    T *p_out = param_out.mutable_data<T>(), *v_out = velocity_out.mutable_data<T>();
    const T mu = attrs.mu, decay = attrs.lars_weight_decay;
    const double p_norm = std::sqrt(ParallelSum<T>(n, [=](int64_t i) { return p[i] * p[i]; }));
    const double g_norm = std::sqrt(ParallelSum<T>(n, [=](int64_t i) { return g[i] * g[i]; }));
    double lr = *rate.data<T>();
    if (p_norm > 0 && g_norm > 0) lr *= attrs.lars_coeff * p_norm / (g_norm + attrs.lars_weight_decay * p_norm);
    const T local = static_cast<T>(lr);
    ForEachElement(n, [=](int64_t i) {
      const T next = mu * v[i] + local * (g[i] + decay * p[i]);
      v_out[i] = next;
      p_out[i] = p[i] - next;
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "lars_momentum",
    .doc = "Momentum with a learning rate of the layer, r = LearningRate lars_coeff |Param| / (|Grad| + "
           "lars_weight_decay |Param|), or LearningRate where a norm is 0: "
           "VelocityOut = mu Velocity + r (Grad + lars_weight_decay Param), ParamOut = Param - VelocityOut. You et "
           "al., 2017, arXiv:1708.03888.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient."},
               {"Velocity", "Running step, of Param's shape."},
               {"LearningRate", "One number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}, {"VelocityOut", "The velocity, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}, {"VelocityOut", "Velocity"}},
});
const Registered kCpu = RegisterKernel("lars_momentum", LarsMomentum);

}  // namespace
}  // namespace paddle
