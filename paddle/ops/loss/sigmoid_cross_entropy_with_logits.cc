// Cross entropy of independent yes-or-no classes.
#include <algorithm>
#include <cmath>

#include "paddle/math/for_each.h"
#include "paddle/math/sums.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 2048;  // about 10 us of exponentials

struct SigmoidCrossEntropyAttrs {
  bool normalize = false;
  int32_t ignore_index = -100;

  static auto Fields() {
    return std::tuple{Field{"normalize", &SigmoidCrossEntropyAttrs::normalize,
                            "Whether to divide by the number of elements that are not ignored."},
                      Field{"ignore_index", &SigmoidCrossEntropyAttrs::ignore_index,
                            "Elements with this label have no loss and no gradient."}};
  }
};

using Attrs = SigmoidCrossEntropyAttrs;

void Check(InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Label");
  context.CheckSameDims("X", "Label");
}

void Infer(const Attrs&, InferContext& context) {
  Check(context);
  context.CopyMeta("X", "Out");
}

void InferGrad(const Attrs&, InferContext& context) {
  Check(context);
  context.CheckSameDims("X", "Out@GRAD");
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

// Factor of the loss: 1, or one over the number of elements that count.
template <class T>
T Scale(const Attrs& attrs, const T* label, int64_t n) {
  if (!attrs.normalize) return 1;
  const T ignored = static_cast<T>(attrs.ignore_index);
  return 1 / std::max(LaneSum<T>(n, [=](int64_t i) { return label[i] == ignored ? T(0) : T(1); }), T(1e-5));
}

void Run(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor& label, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), *z = label.data<T>(), ignored = static_cast<T>(attrs.ignore_index),
            scale = Scale(attrs, z, x.numel());
    T* to = out.mutable_data<T>();
    ForEachIndex(x.numel(), kElementsPerTask, [=](int64_t i) {
      const T v = from[i], loss = std::max(v, T(0)) - v * z[i] + std::log1p(std::exp(-std::abs(v)));
      to[i] = z[i] == ignored ? T(0) : scale * loss;
    });
  });
}

void RunGrad(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor& label, const Tensor& d_out,
             Tensor& dx) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), *z = label.data<T>(), *d = d_out.data<T>();
    const T ignored = static_cast<T>(attrs.ignore_index), scale = Scale(attrs, z, x.numel());
    T* to = dx.mutable_data<T>();
    ForEachIndex(x.numel(), kElementsPerTask, [=](int64_t i) {
      const T e = std::exp(-std::abs(from[i])), sigmoid = (from[i] >= 0 ? T(1) : e) / (1 + e);
      to[i] = z[i] == ignored ? T(0) : scale * d[i] * (sigmoid - z[i]);
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "sigmoid_cross_entropy_with_logits",
    .doc = "Cross entropy of sigmoid(X), element by element and without overflow: Out = max(X, 0) - X Label + log(1 + "
           "exp(-|X|)).",
    .inputs = {{"X", "Logits of any shape."}, {"Label", "Probabilities of X's shape and type.", kNoGradient}},
    .outputs = {{"Out", "Tensor of X's shape, grouped as X."}},
    .infer = Infer,
    .may_share = {{"Out", "X"}},
});
const Registered kCpu = RegisterKernel("sigmoid_cross_entropy_with_logits", Run);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "sigmoid_cross_entropy_with_logits_grad",
    .doc = "Gradient of sigmoid_cross_entropy_with_logits: X@GRAD = Out@GRAD (sigmoid(X) - Label).",
    .inputs = {{"X", "As given to the op."},
               {"Label", "As given to the op.", kNoGradient},
               {"Out@GRAD", "Gradient of the loss."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}, {"X@GRAD", "X"}},
});
const Registered kGradCpu = RegisterKernel("sigmoid_cross_entropy_with_logits_grad", RunGrad);

}  // namespace
}  // namespace paddle
