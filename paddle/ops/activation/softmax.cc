// softmax and log_softmax, with their gradients.
#include "paddle/ops/activation/softmax.h"

#include "paddle/math/softmax.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

template <class Attrs>
void Infer(const Attrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 1, kMaxRank);
  NormalizeAxis(attrs.axis, context.In("X").rank());
  context.CopyMeta("X", "Out");
}

template <class Attrs>
void InferGrad(const Attrs& attrs, InferContext& context) {
  context.CheckSameDims("Out", "Out@GRAD");
  context.CheckSameDType("Out", "Out@GRAD");
  NormalizeAxis(attrs.axis, context.In("Out").rank());
  context.CopyMeta("Out", "X@GRAD");
}

template <class Attrs, bool kLog>
void Run(const CpuContext&, const Attrs& attrs, const Tensor& x, Tensor& out) {
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitFloat(x.dtype(), [&]<class T>() { Softmax(view, kLog, x.data<T>(), out.mutable_data<T>()); });
}

template <class Attrs, bool kLog>
void RunGrad(const CpuContext&, const Attrs& attrs, const Tensor& out, const Tensor& d_out, Tensor& dx) {
  const AxisView view(out.dims(), NormalizeAxis(attrs.axis, out.rank()));
  VisitFloat(out.dtype(),
             [&]<class T>() { SoftmaxGrad(view, kLog, out.data<T>(), d_out.data<T>(), dx.mutable_data<T>()); });
}

const Registered kSoftmax = RegisterOp<SoftmaxAttrs>({
    .name = "softmax",
    .doc = "Exponentials of X along one dimension, scaled to sum to one: Out = exp(X) / sum(exp(X), axis).",
    .inputs = {{"X", "Tensor of rank 1 or more."}},
    .outputs = {{"Out", "Tensor of X's shape, grouped as X."}},
    .infer = Infer<SoftmaxAttrs>,
    .may_share = {{"Out", "X"}},
});
const Registered kSoftmaxCpu = RegisterKernel("softmax", Run<SoftmaxAttrs, false>);
const Registered kSoftmaxGrad = RegisterOp<SoftmaxAttrs>({
    .name = "softmax_grad",
    .doc = "Gradient of softmax: X@GRAD = Out (Out@GRAD - sum(Out Out@GRAD, axis)).",
    .inputs = {{"Out", "The result of softmax."}, {"Out@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGrad<SoftmaxAttrs>,
    .may_share = {{"X@GRAD", "Out@GRAD"}, {"X@GRAD", "Out"}},
});
const Registered kSoftmaxGradCpu = RegisterKernel("softmax_grad", RunGrad<SoftmaxAttrs, false>);

const Registered kLogSoftmax = RegisterOp<LogSoftmaxAttrs>({
    .name = "log_softmax",
    .doc = "Logarithm of softmax, without overflow: Out = X - log(sum(exp(X), axis)).",
    .inputs = {{"X", "Tensor of rank 1 or more."}},
    .outputs = {{"Out", "Tensor of X's shape, grouped as X."}},
    .infer = Infer<LogSoftmaxAttrs>,
    .may_share = {{"Out", "X"}},
});
const Registered kLogSoftmaxCpu = RegisterKernel("log_softmax", Run<LogSoftmaxAttrs, true>);
const Registered kLogSoftmaxGrad = RegisterOp<LogSoftmaxAttrs>({
    .name = "log_softmax_grad",
    .doc = "Gradient of log_softmax: X@GRAD = Out@GRAD - exp(Out) sum(Out@GRAD, axis).",
    .inputs = {{"Out", "The result of log_softmax."}, {"Out@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGrad<LogSoftmaxAttrs>,
    .may_share = {{"X@GRAD", "Out@GRAD"}, {"X@GRAD", "Out"}},
});
const Registered kLogSoftmaxGradCpu = RegisterKernel("log_softmax_grad", RunGrad<LogSoftmaxAttrs, true>);

}  // namespace
}  // namespace paddle
