#include "paddle/math/cuda/softmax.h"
#include "paddle/op/cuda/expect.h"
#include "paddle/op/registry.h"
#include "paddle/ops/loss/softmax_with_cross_entropy.h"

namespace paddle {
namespace {

using Attrs = SoftmaxWithCrossEntropyAttrs;

DeviceReport* ExpectClass(const CudaContext& context, const OpDesc& op, int64_t classes) {
  return cuda::Expect(context, op, "Label", "there is no such class, and it is not ignore_index", 0, classes);
}

// max + log(sum(exp(x - max))) of a row, found by its team.
template <class T>
__device__ T Shift(cuda::Team& team, const T* x, int64_t size, int64_t step) {
  T max = x[0];
  for (int64_t i = team.rank(); i < size; i += team.size()) max = math::Max(max, x[i * step]);
  max = team.Fold(max, math::Maximum());
  T sum = 0;
  for (int64_t i = team.rank(); i < size; i += team.size()) sum += math::Exp(x[i * step] - max);
  return max + math::Log(team.Fold(sum, math::Add()));
}

template <class T>
void SoftLoss(const CudaContext& context, const AxisView& view, const T* x, const T* q, T* loss) {
  cuda::ForEachTeam(context, view.outer * view.inner, [=] __device__(cuda::Team & team, int64_t row) {
    const int64_t at = cuda::RowBegin(view, row), step = view.inner;
    const T shift = Shift(team, x + at, view.size, step);
    T sum = 0;
    for (int64_t i = team.rank(); i < view.size; i += team.size()) sum += q[at + i * step] * (shift - x[at + i * step]);
    sum = team.Fold(sum, math::Add());
    if (team.rank() == 0) loss[row] = sum;
  });
}

template <class T, class L>
void HardLoss(const CudaContext& context, const AxisView& view, DeviceReport* report, int64_t ignore, const T* x,
              const L* labels, T* loss) {
  cuda::ForEachTeam(context, view.outer * view.inner, [=] __device__(cuda::Team & team, int64_t row) {
    const int64_t at = cuda::RowBegin(view, row), k = labels[row];
    const T shift = Shift(team, x + at, view.size, view.inner);
    if (team.rank() != 0) return;
    const bool there = k != ignore && k >= 0 && k < view.size;
    if (!there && k != ignore) cuda::Report(report, row, k);
    loss[row] = there ? shift - x[at + k * view.inner] : T(0);
  });
}

void Run(const CudaContext& context, const Attrs& attrs, const OpDesc& op, const Tensor& logits, const Tensor& label,
         Tensor& softmax, Tensor& loss) {
  const AxisView view(logits.dims(), NormalizeAxis(attrs.axis, logits.rank()));
  VisitFloat(logits.dtype(), [&]<class T>() {
    const T* x = logits.data<T>();
    T* to = loss.mutable_data<T>();
    cuda::Softmax(context, view, false, x, softmax.mutable_data<T>());
    if (attrs.soft_label) return SoftLoss(context, view, x, label.data<T>(), to);
    VisitIndex(label.dtype(), [&]<class L>() {
      HardLoss(context, view, ExpectClass(context, op, view.size), attrs.ignore_index, x, label.data<L>(), to);
    });
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
    const bool there = k != ignore && k >= 0 && k < view.size;
    if (!there && k != ignore) cuda::Report(report, row, k);
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
      HardGrad(context, view, ExpectClass(context, op, view.size), attrs.ignore_index, y, label.data<L>(), d, to);
    });
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("softmax_with_cross_entropy", Run),
    RegisterKernel("softmax_with_cross_entropy_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
