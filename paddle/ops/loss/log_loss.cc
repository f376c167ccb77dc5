// Cross entropy of probabilities of one yes-or-no class.
#include <cmath>

#include "paddle/math/for_each.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 2048;  // about 10 us of logarithms

struct LogLossAttrs {
  float epsilon = 0;

  static auto Fields() {
    return std::tuple{
        Field{"epsilon", &LogLossAttrs::epsilon, "Added to the arguments of the logarithms.", Presence::kRequired}};
  }
};

using Attrs = LogLossAttrs;

void Check(InferContext& context) {
  context.CheckDType("Predicted", kFloats);
  context.CheckSameDType("Predicted", "Labels");
  context.CheckSameDims("Predicted", "Labels");
}

void Infer(const Attrs&, InferContext& context) {
  Check(context);
  context.CopyMeta("Predicted", "Loss");
}

void InferGrad(const Attrs&, InferContext& context) {
  Check(context);
  context.CheckSameDims("Predicted", "Loss@GRAD");
  context.CheckSameDType("Predicted", "Loss@GRAD");
  context.CopyMeta("Predicted", "Predicted@GRAD");
}

void LogLoss(const CpuContext&, const Attrs& attrs, const Tensor& predicted, const Tensor& labels, Tensor& loss) {
  VisitFloat(predicted.dtype(), [&]<class T>() {
    const T *p = predicted.data<T>(), *y = labels.data<T>(), epsilon = static_cast<T>(attrs.epsilon);
    T* out = loss.mutable_data<T>();
    ForEachIndex(predicted.numel(), kElementsPerTask, [=](int64_t i) {
      out[i] = -y[i] * std::log(p[i] + epsilon) - (1 - y[i]) * std::log(1 - p[i] + epsilon);
    });
  });
}

void LogLossGrad(const CpuContext&, const Attrs& attrs, const Tensor& predicted, const Tensor& labels,
                 const Tensor& d_loss, Tensor& d_predicted) {
  VisitFloat(predicted.dtype(), [&]<class T>() {
    const T *p = predicted.data<T>(), *y = labels.data<T>(), *d = d_loss.data<T>(),
            epsilon = static_cast<T>(attrs.epsilon);
    T* out = d_predicted.mutable_data<T>();
    ForEachIndex(predicted.numel(), kElementsPerTask,
                 [=](int64_t i) { out[i] = d[i] * ((1 - y[i]) / (1 - p[i] + epsilon) - y[i] / (p[i] + epsilon)); });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "log_loss",
    .doc = "Cross entropy of probabilities, element by element: Loss = -Labels log(Predicted + epsilon) - (1 - Labels) "
           "log(1 - Predicted + epsilon).",
    .inputs = {{"Predicted", "Probabilities [N, 1] (any shape is taken)."},
               {"Labels", "0 or 1, of Predicted's shape and type.", kNoGradient}},
    .outputs = {{"Loss", "Tensor of Predicted's shape, grouped as Predicted."}},
    .infer = Infer,
    .may_share = {{"Loss", "Predicted"}},
});
const Registered kCpu = RegisterKernel("log_loss", LogLoss);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "log_loss_grad",
    .doc =
        "Gradient of log_loss: Loss@GRAD ((1 - Labels) / (1 - Predicted + epsilon) - Labels / (Predicted + epsilon)).",
    .inputs = {{"Predicted", "As given to log_loss."},
               {"Labels", "As given to log_loss.", kNoGradient},
               {"Loss@GRAD", "Gradient of the loss."}},
    .outputs = {{"Predicted@GRAD", "Gradient of Predicted."}},
    .infer = InferGrad,
    .may_share = {{"Predicted@GRAD", "Loss@GRAD"}, {"Predicted@GRAD", "Predicted"}},
});
const Registered kGradCpu = RegisterKernel("log_loss_grad", LogLossGrad);

}  // namespace
}  // namespace paddle
