// Gradient descent with momentum.
#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct MomentumAttrs {
  float mu = 0;
  bool use_nesterov = false;

  static auto Fields() {
    return std::tuple{
        Field{"mu", &MomentumAttrs::mu, "Momentum.", Presence::kRequired},
        Field{"use_nesterov", &MomentumAttrs::use_nesterov, "Whether to take Nesterov's step, which looks ahead."}};
  }
};

using Attrs = MomentumAttrs;

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(context, {"Grad", "Velocity"}, {{"ParamOut", "Param"}, {"VelocityOut", "Velocity"}});
}

template <class T>
struct Update {
  T lr, mu;
  bool nesterov;
  const T *param, *velocity;
  T *param_out, *velocity_out;

  Update(const Attrs& attrs, const Tensor& rate, const Tensor& p, const Tensor& v, Tensor& p_out, Tensor& v_out)
      : lr(*rate.data<T>()),
        mu(attrs.mu),
        nesterov(attrs.use_nesterov),
        param(p.data<T>()),
        velocity(v.data<T>()),
        param_out(p_out.mutable_data<T>()),
        velocity_out(v_out.mutable_data<T>()) {}

  void operator()(int64_t i, T g) const {
    const T v = mu * velocity[i] + g;
    velocity_out[i] = v;
    param_out[i] = param[i] - lr * (nesterov ? g + mu * v : v);
  }
};

void Momentum(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor& velocity,
              const Tensor& rate, Tensor& param_out, Tensor& velocity_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const Update<T> update(attrs, rate, param, velocity, param_out, velocity_out);
    const T* g = grad.data<T>();
    ForEachElement(param.numel(), [=](int64_t i) { update(i, g[i]); });
  });
}

void MomentumSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param,
                    const SelectedRows& grad, const Tensor& velocity, const Tensor& rate, Tensor& param_out,
                    Tensor& velocity_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    ForEachElement<T>(rows, param.dim(0), Update<T>(attrs, rate, param, velocity, param_out, velocity_out));
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "momentum",
    .doc = "Gradient descent with momentum: VelocityOut = mu Velocity + Grad; ParamOut = Param - LearningRate "
           "VelocityOut, or with Nesterov's "
           "step Param - LearningRate (Grad + mu VelocityOut). Rows that a sparse gradient lacks count as zero.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient, dense or SelectedRows."},
               {"Velocity", "Running sum of the gradients, of Param's shape."},
               {"LearningRate", "One number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}, {"VelocityOut", "The velocity, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}, {"VelocityOut", "Velocity"}},
});
const Registered kCpu = RegisterKernel("momentum", Momentum);
const Registered kSparseCpu = RegisterKernel("momentum", PrepareRows<Attrs>, MomentumSparse);

}  // namespace
}  // namespace paddle
