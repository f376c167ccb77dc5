// Huber's loss (1964): quadratic near zero, linear far away.
#include <algorithm>
#include <cmath>

#include "paddle/device/task_size.h"
#include "paddle/math/for_each.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct HuberLossAttrs {
  float delta = 0;

  static auto Fields() {
    return std::tuple{
        Field{"delta", &HuberLossAttrs::delta, "Where the loss turns from quadratic to linear.", Presence::kRequired}};
  }
};

using Attrs = HuberLossAttrs;

void Infer(const Attrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Y");
  context.CheckSameDims("X", "Y");
  context.CopyMeta("X", "Residual");
  context.CopyMeta("X", "Out");
}

void HuberLoss(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor& y, Tensor& residual, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *py = y.data<T>(), delta = static_cast<T>(attrs.delta);
    T *r = residual.mutable_data<T>(), *loss = out.mutable_data<T>();
    ForEachIndex(x.numel(), kCheapElementsPerTask, [=](int64_t i) {
      const T d = py[i] - px[i], size = std::abs(d);
      r[i] = d;
      loss[i] = size <= delta ? d * d / 2 : delta * (size - delta / 2);
    });
  });
}

void InferGrad(const Attrs&, InferContext& context) {
  context.CheckSameDims("Residual", "Out@GRAD");
  context.CheckSameDType("Residual", "Out@GRAD");
  for (const auto slot : {"X@GRAD", "Y@GRAD"})
    if (context.HasOut(slot)) context.CopyMeta("Residual", slot);
}

void HuberLossGrad(const CpuContext&, const Attrs& attrs, const Tensor& residual, const Tensor& d_out, Tensor* dx,
                   Tensor* dy) {
  VisitFloat(residual.dtype(), [&]<class T>() {
    const T *r = residual.data<T>(), *d = d_out.data<T>(), delta = static_cast<T>(attrs.delta);
    T *to_x = dx ? dx->mutable_data<T>() : nullptr, *to_y = dy ? dy->mutable_data<T>() : nullptr;
    ForEachIndex(residual.numel(), kCheapElementsPerTask, [=](int64_t i) {
      const T grad = d[i] * std::clamp(r[i], -delta, delta);
      if (to_x) to_x[i] = -grad;
      if (to_y) to_y[i] = grad;
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "huber_loss",
    .doc = "Huber's loss of the residual r = Y - X, element by element: Out = r^2 / 2 where |r| <= delta, delta (|r| - "
           "delta / 2) elsewhere. "
           "Huber, Annals of Mathematical Statistics 35, 1964.",
    .inputs = {{"X", "Predictions of any shape."}, {"Y", "Targets of X's shape and type."}},
    .outputs = {{"Residual", "Y - X.", kIntermediate}, {"Out", "Tensor of X's shape, grouped as X."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("huber_loss", HuberLoss);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "huber_loss_grad",
    .doc = "Gradient of huber_loss: Y@GRAD = Out@GRAD clip(Residual, -delta, delta), X@GRAD = -Y@GRAD.",
    .inputs = {{"Residual", "As written by huber_loss."}, {"Out@GRAD", "Gradient of the loss."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("huber_loss_grad", HuberLossGrad);

}  // namespace
}  // namespace paddle
