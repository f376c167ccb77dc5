// Softmax and cross entropy in one step.
#include "paddle/ops/loss/softmax_with_cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "paddle/device/parallel.h"
#include "paddle/math/softmax.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
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

// -log(softmax(x)[k]) = (max - x[k]) + log(sum(exp(x - max))), in this order: the first difference is exact, however
// large x is.
template <class T>
struct NegativeLogSoftmax {
  T max, log_sum;

  NegativeLogSoftmax(const T* x, const T* softmax, int64_t size, int64_t step) {
    int64_t largest = 0;
    for (int64_t i = 1; i < size; ++i)
      if (x[i * step] > x[largest * step]) largest = i;
    max = x[largest * step];
    log_sum = -std::log(softmax[largest * step]);
  }
  T operator()(T x) const { return (max - x) + log_sum; }
};

template <class T>
void Loss(const Attrs& attrs, const AxisView& view, const Tensor& logits, const Tensor& label, const T* softmax,
          T* loss) {
  const T* x = logits.data<T>();
  const int64_t size = view.size, step = view.inner;
  if (attrs.soft_label) {
    const T* q = label.data<T>();
    return ForEachLine(view, kElementsPerTask, [&](int64_t row, int64_t at) {
      const NegativeLogSoftmax<T> loss_of(x + at, softmax + at, size, step);
      T sum = 0;
      for (int64_t i = 0; i < size; ++i) sum += q[at + i * step] * loss_of(x[at + i * step]);
      loss[row] = sum;
    });
  }
  VisitIndex(label.dtype(), [&]<class L>() {
    const L* classes = label.data<L>();
    ForEachLine(view, kElementsPerTask, [&](int64_t row, int64_t at) {
      const int64_t k = ClassOf(classes[row], size, attrs.ignore_index, row);
      loss[row] = k < 0 ? T(0) : NegativeLogSoftmax<T>(x + at, softmax + at, size, step)(x[at + k * step]);
    });
  });
}

void Run(const CpuContext&, const Attrs& attrs, const Tensor& logits, const Tensor& label, Tensor& softmax,
         Tensor& loss) {
  const AxisView view(logits.dims(), NormalizeAxis(attrs.axis, logits.rank()));
  VisitFloat(logits.dtype(), [&]<class T>() {
    Softmax(view, false, logits.data<T>(), softmax.mutable_data<T>());
    Loss<T>(attrs, view, logits, label, softmax.data<T>(), loss.mutable_data<T>());
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
        const T scale = k < 0 ? T(0) : d[row];
        for (int64_t i = at; i < at + size * step; i += step) out[i] = scale * y[i];
        if (k >= 0) out[at + k * step] -= scale;
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
