// Softmax and cross entropy in one step.
#include "paddle/ops/loss/softmax_with_cross_entropy.h"

#include "paddle/device/parallel.h"
#include "paddle/math/softmax.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/loss/hard_loss.h"
#include "paddle/ops/loss/label.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 4096;

using Attrs = SoftmaxWithCrossEntropyAttrs;

// The dims of Label (when hard) and Loss.
Dims LossDims(const Dims& logits, int axis) {
  Dims dims = logits;
  dims[axis] = 1;
  return dims;
}

void CheckLabel(const Attrs& attrs, std::string_view logits, InferContext& context) {
  const Dims &x = context.In(logits).dims, &label = context.In("Label").dims;
  const int axis = NormalizeAxis(attrs.axis, x.rank());
  if (attrs.soft_label) {
    context.CheckSameDims(logits, "Label");
    context.CheckSameDType(logits, "Label");
  } else {
    context.CheckDType("Label", kIndices);
    Require(DimsAgree(label, LossDims(x, axis)), "Label of shape ", label, " does not fit ", logits, ' ', x,
            "; expected ", LossDims(x, axis));
  }
}

void Infer(const Attrs& attrs, InferContext& context) {
  context.CheckDType("Logits", kFloats);
  context.CheckRank("Logits", 1, kMaxRank);
  CheckLabel(attrs, "Logits", context);
  const Dims& x = context.In("Logits").dims;
  context.CopyMeta("Logits", "Softmax");
  context.SetOut("Loss", LossDims(x, NormalizeAxis(attrs.axis, x.rank())), context.In("Logits").dtype);
  context.ShareLod("Logits", "Loss");
}

void InferGrad(const Attrs& attrs, InferContext& context) {
  context.CheckDType("Softmax", kFloats);
  context.CheckRank("Softmax", 1, kMaxRank);
  CheckLabel(attrs, "Softmax", context);
  const Dims& x = context.In("Softmax").dims;
  CheckDims(context, "Loss@GRAD", LossDims(x, NormalizeAxis(attrs.axis, x.rank())));
  context.CheckSameDType("Softmax", "Loss@GRAD");
  context.CopyMeta("Softmax", "Logits@GRAD");
}

// As HardLoss, for each class by its part in the label.
template <class T>
void RunSoft(const AxisView& view, const T* logits, const T* label, T* softmax, T* loss) {
  const int64_t size = view.size, step = view.inner;
  ForEachLine(view, kElementsPerTask, [&](int64_t row, int64_t at) {
    const T *x = logits + at, *q = label + at;
    const T max = MaxOfLine(x, size, step);
    T differences = 0, sum = 0;
    for (int64_t i = 0; i < size * step; i += step) {
      differences += q[i] * (max - x[i]);
      sum += q[i];
    }
    loss[row] = differences + sum * SoftmaxLine(max, x, softmax + at, size, step);
  });
}

template <class T, class L>
void RunHard(const AxisView& view, const T* logits, const L* classes, int64_t ignore_index, T* softmax, T* loss) {
  const int64_t size = view.size, step = view.inner;
  ForEachLine(view, kElementsPerTask, [&](int64_t row, int64_t at) {
    const int64_t k = ClassOf(classes[row], size, ignore_index, row);
    loss[row] = HardLoss(k, logits + at, softmax + at, size, step);
  });
}

void Run(const CpuContext&, const Attrs& attrs, const Tensor& logits, const Tensor& label, Tensor& softmax,
         Tensor& loss) {
  const AxisView view(logits.dims(), NormalizeAxis(attrs.axis, logits.rank()));
  if (view.size == 0) return;
  VisitFloat(logits.dtype(), [&]<class T>() {
    const T* x = logits.data<T>();
    T *y = softmax.mutable_data<T>(), *to = loss.mutable_data<T>();
    if (attrs.soft_label) return RunSoft(view, x, label.data<T>(), y, to);
    VisitIndex(label.dtype(), [&]<class L>() { RunHard(view, x, label.data<L>(), attrs.ignore_index, y, to); });
  });
}

void RunGrad(const CpuContext&, const Attrs& attrs, const Tensor& label, const Tensor& softmax, const Tensor& d_loss,
             Tensor& dx) {
  const AxisView view(softmax.dims(), NormalizeAxis(attrs.axis, softmax.rank()));
  const int64_t size = view.size, step = view.inner;
  VisitFloat(softmax.dtype(), [&]<class T>() {
    const T *y = softmax.data<T>(), *d = d_loss.data<T>();
    T* out = dx.mutable_data<T>();
    if (attrs.soft_label) {
      const T* q = label.data<T>();
      return ForEachLine(view, kElementsPerTask, [&](int64_t row, int64_t at) {
        for (int64_t i = at; i < at + size * step; i += step) out[i] = d[row] * (y[i] - q[i]);
      });
    }
    VisitIndex(label.dtype(), [&]<class L>() {
      const L* classes = label.data<L>();
      ForEachLine(view, kElementsPerTask, [&](int64_t row, int64_t at) {
        const int64_t k = ClassOf(classes[row], size, attrs.ignore_index, row);
        HardLossGrad(k, d[row], y + at, out + at, size, step);
      });
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "softmax_with_cross_entropy",
    .doc = "Cross entropy of the softmax of Logits, without overflow: Loss = log(sum(exp(Logits))) - Logits[Label] for "
           "class labels, "
           "sum(Label (log(sum(exp(Logits))) - Logits)) for soft ones.",
    .inputs = {{"Logits", "Unscaled log-probabilities, of rank 1 or more."},
               {"Label",
                "Classes, int64 or int32, of Logits' shape with 1 at the axis; with soft_label distributions of "
                "Logits' shape and type.",
                kNoGradient}},
    .outputs = {{"Softmax", "Softmax of Logits.", kIntermediate},
                {"Loss", "Loss, of Logits' shape with 1 at the axis, grouped as Logits."}},
    .infer = Infer,
    .may_share = {{"Softmax", "Logits"}},
});
const Registered kCpu = RegisterKernel("softmax_with_cross_entropy", Run);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "softmax_with_cross_entropy_grad",
    .doc = "Gradient of softmax_with_cross_entropy: Logits@GRAD = Loss@GRAD (Softmax - onehot(Label)). Soft labels "
           "must sum to one.",
    .inputs = {{"Label", "As given to softmax_with_cross_entropy.", kNoGradient},
               {"Softmax", "As written by softmax_with_cross_entropy."},
               {"Loss@GRAD", "Gradient of the loss."}},
    .outputs = {{"Logits@GRAD", "Gradient of Logits."}},
    .infer = InferGrad,
    .may_share = {{"Logits@GRAD", "Softmax"}},
});
const Registered kGradCpu = RegisterKernel("softmax_with_cross_entropy_grad", RunGrad);

}  // namespace
}  // namespace paddle
