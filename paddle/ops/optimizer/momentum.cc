// Gradient descent with momentum.
#include "paddle/ops/optimizer/momentum.h"

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

using Attrs = MomentumAttrs;

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(context, {"Grad", "Velocity"}, {{"ParamOut", "Param"}, {"VelocityOut", "Velocity"}});
}

template <class T>
struct Update {
  MomentumStep<T> step;
  T *param, *velocity;

  Update(const Attrs& attrs, const Tensor& rate, Tensor& param_out, Tensor& velocity_out)
      : step{*rate.data<T>(), T(attrs.mu), attrs.use_nesterov},
        param(param_out.mutable_data<T>()),
        velocity(velocity_out.mutable_data<T>()) {}

  void operator()(int64_t i, T g) const { step(g, param + i, velocity + i); }
};

void Momentum(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor&,
              const Tensor& rate, Tensor& param_out, Tensor& velocity_out) {
  VisitFloat(param.dtype(),
             [&]<class T>() { ForEachElement<T>(grad, nullptr, Update<T>(attrs, rate, param_out, velocity_out)); });
}

void ScaledMomentum(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor&,
                    const Tensor& rate, const Tensor& factor, Tensor& param_out, Tensor& velocity_out) {
  VisitFloat(param.dtype(),
             [&]<class T>() { ForEachElement<T>(grad, &factor, Update<T>(attrs, rate, param_out, velocity_out)); });
}

void MomentumSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param,
                    const SelectedRows& grad, const Tensor&, const Tensor& rate, Tensor& param_out,
                    Tensor& velocity_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    ForEachElement<T>(rows, param.dim(0), Update<T>(attrs, rate, param_out, velocity_out));
  });
}

void ScaledMomentumSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param,
                          const SelectedRows& grad, const Tensor&, const Tensor& rate, const Tensor& factor,
                          Tensor& param_out, Tensor& velocity_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    ForEachElement<T>(rows, param.dim(0), ByFactor<T>(&factor, Update<T>(attrs, rate, param_out, velocity_out)));
  });
}

const OpSpec<Attrs> kMomentum{
    .name = "momentum",
    .doc =
        "Gradient descent with momentum: VelocityOut = mu Velocity + Grad; ParamOut = Param - LearningRate "
        "VelocityOut, or with Nesterov's "
        "step Param - LearningRate (Grad + mu VelocityOut). Rows that a sparse gradient lacks count as zero.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient, dense or SelectedRows."},
               {"Velocity", "Running sum of the gradients, of Param's shape."},
               {"LearningRate", "One number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}, {"VelocityOut", "The velocity, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}, {"VelocityOut", "Velocity"}},
};
const Registered kOp = RegisterOp(kMomentum);
const Registered kScaledOp = RegisterOp(Scaled<Attrs, Infer>(
    kMomentum, "scaled_momentum",
    "What momentum does with the gradient Grad Factor. Takes the place of elementwise_mul and momentum when a plan is "
    "made."));
const Registered kCpu = RegisterKernel("momentum", Momentum);
const Registered kScaledCpu = RegisterKernel("scaled_momentum", ScaledMomentum);
const Registered kSparseCpu = RegisterKernel("momentum", PrepareRows<Attrs>, MomentumSparse);
const Registered kScaledSparseCpu = RegisterKernel("scaled_momentum", PrepareRows<Attrs>, ScaledMomentumSparse);

}  // namespace
}  // namespace paddle
