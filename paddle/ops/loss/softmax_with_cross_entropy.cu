#include "paddle/math/cuda/softmax.h"
#include "paddle/op/registry.h"
#include "paddle/ops/loss/label.cuh"
#include "paddle/ops/loss/softmax_with_cross_entropy.h"

namespace paddle {
namespace {

using Attrs = SoftmaxWithCrossEntropyAttrs;

// -log(softmax(x)[k]) = (max - x[k]) + log(sum(exp(x - max))), in this order: the first difference is exact.
template <class T>
struct NegativeLogSoftmax {
  T max, log_sum;
  __device__ T operator()(T x) const { return (max - x) + log_sum; }
};

// That of a row, found by its team.
template <class T>
__device__ NegativeLogSoftmax<T> OfRow(cuda::Team& team, const T* x, int64_t size, int64_t step) {
  T max = x[0];
  for (int64_t i = team.rank(); i < size; i += team.size()) max = math::Max(max, x[i * step]);
  max = team.Fold(max, math::Maximum());
  T sum = 0;
  for (int64_t i = team.rank(); i < size; i += team.size()) sum += math::Exp(x[i * step] - max);
  return {max, math::Log(team.Fold(sum, math::Add()))};
}

template <class T>
void SoftLoss(const CudaContext& context, const AxisView& view, const T* x, const T* q, T* loss) {
  cuda::ForEachTeam(context, view.outer * view.inner, [=] __device__(cuda::Team & team, int64_t row) {
    const int64_t at = cuda::RowBegin(view, row), step = view.inner;
    const NegativeLogSoftmax<T> loss_of = OfRow(team, x + at, view.size, step);
    T sum = 0;
    for (int64_t i = team.rank(); i < view.size; i += team.size()) sum += q[at + i * step] * loss_of(x[at + i * step]);
    sum = team.Fold(sum, math::Add());
    if (team.rank() == 0) loss[row] = sum;
  });
}

template <class T, class L>
void HardLoss(const CudaContext& context, const AxisView& view, DeviceReport* report, int64_t ignore, const T* x,
              const L* labels, T* loss) {
  cuda::ForEachTeam(context, view.outer * view.inner, [=] __device__(cuda::Team & team, int64_t row) {
    const int64_t at = cuda::RowBegin(view, row), k = labels[row];
    const NegativeLogSoftmax<T> loss_of = OfRow(team, x + at, view.size, view.inner);
    if (team.rank() != 0) return;
    const bool there = cuda::ClassAt(k, view.size, ignore, row, report) >= 0;
    loss[row] = there ? loss_of(x[at + k * view.inner]) : T(0);
  });
}

void Run(const CudaContext& context, const Attrs& attrs, const OpDesc& op, const Tensor& logits, const Tensor& label,
         Tensor& softmax, Tensor& loss) {
  const AxisView view(logits.dims(), NormalizeAxis(attrs.axis, logits.rank()));
  VisitFloat(logits.dtype(), [&]<class T>() {
    const T* x = logits.data<T>();
    T* to = loss.mutable_data<T>();
    if (attrs.soft_label)
      SoftLoss(context, view, x, label.data<T>(), to);
    else
      VisitIndex(label.dtype(), [&]<class L>() {
        HardLoss(
            context, view,
            cuda::ExpectClass(context, op, {{"Logits", &logits}, {"Label", &label}}, view.size, attrs.ignore_index),
            attrs.ignore_index, x, label.data<L>(), to);
      });
    cuda::Softmax(context, view, false, x, softmax.mutable_data<T>());  // last: it may overwrite the logits
  });
}

template <class T>
void SoftGrad(const CudaContext& context, const AxisView& view, const T* y, const T* q, const T* d, T* dx) {
  cuda::ForEach(context, view.outer * view.size * view.inner, [=] __device__(int64_t i) {
    const int64_t row = i / (view.size * view.inner) * view.inner + i % view.inner;
    dx[i] = d[row] * (y[i] - q[i]);
  });
}

template <class T, class L>
void HardGrad(const CudaContext& context, const AxisView& view, DeviceReport* report, int64_t ignore, const T* y,
              const L* labels, const T* d, T* dx) {
  cuda::ForEach(context, view.outer * view.size * view.inner, [=] __device__(int64_t i) {
    const int64_t row = i / (view.size * view.inner) * view.inner + i % view.inner;
    const int64_t k = labels[row], at = i / view.inner % view.size;
    const bool there = cuda::ClassAt(k, view.size, ignore, row, report) >= 0;
    const T scale = there ? d[row] : T(0);
    const T value = scale * y[i];
    dx[i] = there && k == at ? value - scale : value;
  });
}

void RunGrad(const CudaContext& context, const Attrs& attrs, const OpDesc& op, const Tensor& label,
             const Tensor& softmax, const Tensor& d_loss, Tensor& dx) {
  const AxisView view(softmax.dims(), NormalizeAxis(attrs.axis, softmax.rank()));
  VisitFloat(softmax.dtype(), [&]<class T>() {
    const T *y = softmax.data<T>(), *d = d_loss.data<T>();
    T* to = dx.mutable_data<T>();
    if (attrs.soft_label) return SoftGrad(context, view, y, label.data<T>(), d, to);
    VisitIndex(label.dtype(), [&]<class L>() {
      HardGrad(context, view,
               cuda::ExpectClass(context, op, {{"Label", &label}, {"Softmax", &softmax}, {"Loss@GRAD", &d_loss}},
                                 view.size, attrs.ignore_index),
               attrs.ignore_index, y, label.data<L>(), d, to);
    });
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("softmax_with_cross_entropy", Run),
    RegisterKernel("softmax_with_cross_entropy_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
