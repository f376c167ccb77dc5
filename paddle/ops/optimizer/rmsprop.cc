// RMSProp (Hinton, 2012), also centered (Graves, 2013).
#include <cmath>

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct RmspropAttrs {
  float epsilon = 1e-10f;
  float decay = 0.9f;
  float momentum = 0;
  bool centered = false;

  static auto Fields() {
    using A = RmspropAttrs;
    return std::tuple{
        Field{"epsilon", &A::epsilon, "Added under the root."}, Field{"decay", &A::decay, "Decay of the means."},
        Field{"momentum", &A::momentum, "Momentum of the step."},
        Field{"centered", &A::centered, "Whether the squared mean gradient is subtracted from the mean square."}};
  }
};

using Attrs = RmspropAttrs;

void Infer(const Attrs& attrs, InferContext& context) {
  Require(!attrs.centered || context.Has("MeanGrad"), "input MeanGrad is missing; centered needs it");
  InferUpdate(context, {"Grad", "MeanSquare", "MeanGrad", "Moment"},
              {{"ParamOut", "Param"}, {"MomentOut", "Moment"}, {"MeanSquareOut", "MeanSquare"}});
  if (context.HasOut("MeanGradOut")) context.CopyMeta(context.Has("MeanGrad") ? "MeanGrad" : "Param", "MeanGradOut");
}

// All arguments but the gradient.
struct Args {
  const Tensor &param, &mean_square;
  const Tensor* mean_grad;
  const Tensor &rate, &moment;
  Tensor &param_out, &moment_out, &mean_square_out;
  Tensor* mean_grad_out;
};

template <class T>
struct Update {
  T lr, decay, momentum, epsilon;
  bool centered;
  const T *param, *square, *mean, *moment;
  T *param_out, *square_out, *mean_out, *moment_out;

  Update(const Attrs& attrs, const Args& a)
      : lr(*a.rate.data<T>()),
        decay(attrs.decay),
        momentum(attrs.momentum),
        epsilon(attrs.epsilon),
        centered(attrs.centered),
        param(a.param.data<T>()),
        square(a.mean_square.data<T>()),
        mean(a.mean_grad ? a.mean_grad->data<T>() : nullptr),
        moment(a.moment.data<T>()),
        param_out(a.param_out.mutable_data<T>()),
        square_out(a.mean_square_out.mutable_data<T>()),
        mean_out(a.mean_grad_out ? a.mean_grad_out->mutable_data<T>() : nullptr),
        moment_out(a.moment_out.mutable_data<T>()) {}

  void operator()(int64_t i, T g) const {
    const T s = decay * square[i] + (1 - decay) * g * g;
    T variance = s;
    if (centered) {
      const T m = decay * mean[i] + (1 - decay) * g;
      variance = s - m * m;
      if (mean_out) mean_out[i] = m;
    } else if (mean_out) {
      mean_out[i] = mean ? mean[i] : T(0);
    }
    const T step = momentum * moment[i] + lr * g / std::sqrt(variance + epsilon);
    square_out[i] = s;
    moment_out[i] = step;
    param_out[i] = param[i] - step;
  }
};

void Rmsprop(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& mean_square,
             const Tensor* mean_grad, const Tensor& rate, const Tensor& grad, const Tensor& moment, Tensor& param_out,
             Tensor& moment_out, Tensor& mean_square_out, Tensor* mean_grad_out) {
  const Args args{param, mean_square, mean_grad, rate, moment, param_out, moment_out, mean_square_out, mean_grad_out};
  VisitFloat(param.dtype(), [&]<class T>() {
    const Update<T> update(attrs, args);
    const T* g = grad.data<T>();
    ForEachElement(param.numel(), [=](int64_t i) { update(i, g[i]); });
  });
}

void RmspropSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param,
                   const Tensor& mean_square, const Tensor* mean_grad, const Tensor& rate, const SelectedRows& grad,
                   const Tensor& moment, Tensor& param_out, Tensor& moment_out, Tensor& mean_square_out,
                   Tensor* mean_grad_out) {
  const Args args{param, mean_square, mean_grad, rate, moment, param_out, moment_out, mean_square_out, mean_grad_out};
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() { ForEachElement<T>(rows, param.dim(0), Update<T>(attrs, args)); });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "rmsprop",
    .doc = "RMSProp: MeanSquareOut = decay MeanSquare + (1 - decay) Grad^2; MomentOut = momentum Moment + LearningRate "
           "Grad / sqrt(MeanSquareOut + epsilon); "
           "ParamOut = Param - MomentOut. Centered, with MeanGradOut = decay MeanGrad + (1 - decay) Grad, its square "
           "is subtracted under the root. Rows that a "
           "sparse gradient lacks count as zero. Hinton, lecture 6e, 2012; Graves, 2013, arXiv:1308.0850.",
    .inputs = {{"Param", "The parameter."},
               {"MeanSquare", "Decayed mean of squares, of Param's shape."},
               {"MeanGrad", "Decayed mean of gradients, of Param's shape; needed with centered.", kOptional},
               {"LearningRate", "One number."},
               {"Grad", "Gradient, dense or SelectedRows."},
               {"Moment", "Running step, of Param's shape."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."},
                {"MomentOut", "The step, updated in place."},
                {"MeanSquareOut", "The mean square, updated in place."},
                {"MeanGradOut", "The mean gradient, updated in place; unchanged without centered.", kOptional}},
    .infer = Infer,
    .must_share =
        {{"ParamOut", "Param"}, {"MomentOut", "Moment"}, {"MeanSquareOut", "MeanSquare"}, {"MeanGradOut", "MeanGrad"}},
});
const Registered kCpu = RegisterKernel("rmsprop", Rmsprop);
const Registered kSparseCpu = RegisterKernel("rmsprop", PrepareRows<Attrs>, RmspropSparse);

}  // namespace
}  // namespace paddle
