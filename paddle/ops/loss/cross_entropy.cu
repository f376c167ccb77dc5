#include "paddle/math/arithmetic.h"
#include "paddle/math/cuda/reduce.h"
#include "paddle/op/registry.h"
#include "paddle/ops/loss/cross_entropy.h"
#include "paddle/ops/loss/label.cuh"
#include "paddle/ops/loss/label.h"

namespace paddle {
namespace {

// Rows of probabilities.
struct Rows {
  int64_t rows, classes;
  explicit Rows(const Tensor& x) : rows(x.dims().Product(0, x.rank() - 1)), classes(x.dim(x.rank() - 1)) {}
};

template <class T, class L>
void HardLoss(const CudaContext& context, DeviceReport* report, const Tensor& x, const Tensor& label, int64_t ignore,
              T* loss, T* match) {
  const Rows r(x);
  const int64_t classes = r.classes;
  const T* p = x.data<T>();
  const L* labels = label.data<L>();
  cuda::ForEach(context, r.rows, [=] __device__(int64_t row) {
    const int64_t k = cuda::ClassAt(labels[row], classes, ignore, row, report);
    const T probability = k < 0 ? T(0) : p[row * classes + k];
    loss[row] = k < 0 ? T(0) : NegativeLog(probability);
    if (match) match[row] = probability;
  });
}

template <class T>
void SoftLoss(const CudaContext& context, const Tensor& x, const Tensor& label, T* loss) {
  const Rows r(x);
  const int64_t classes = r.classes;
  const T *p = x.data<T>(), *q = label.data<T>();
  cuda::Reduce(
      context, r.rows, classes, T(0),
      [=] __device__(int64_t row, int64_t k) { return q[row * classes + k] * NegativeLog(p[row * classes + k]); },
      math::Add(), [=] __device__(int64_t row, T sum) { loss[row] = sum; });
}

void CrossEntropy(const CudaContext& context, const CrossEntropyAttrs& attrs, const OpDesc& op, const Tensor& x,
                  const Tensor& label, Tensor& y) {
  VisitFloat(x.dtype(), [&]<class T>() {
    if (attrs.soft_label) return SoftLoss<T>(context, x, label, y.mutable_data<T>());
    VisitIndex(label.dtype(), [&]<class L>() {
      HardLoss<T, L>(
          context, cuda::ExpectClass(context, op, {{"X", &x}, {"Label", &label}}, Rows(x).classes, attrs.ignore_index),
          x, label, attrs.ignore_index, y.mutable_data<T>(), nullptr);
    });
  });
}

// dX is zero but at the label's class, where it is -dY / p; `step` apart lie the probabilities of rows, at column 0 or
// at the class.
template <class T, class L>
void HardGrad(const CudaContext& context, DeviceReport* report, const Tensor& label, int64_t ignore, const T* p,
              bool p_is_match, const Tensor& dy, Tensor* dx) {
  const int64_t classes = Rows(*dx).classes;
  const T* d = dy.data<T>();
  const L* labels = label.data<L>();
  T* to = dx->mutable_data<T>();
  cuda::ForEach(context, dx->numel(), [=] __device__(int64_t i) {
    const int64_t row = i / classes, k = cuda::ClassAt(labels[row], classes, ignore, row, report);
    to[i] = k == i % classes ? -d[row] / (p_is_match ? p[row] : p[i]) : T(0);
  });
}

template <class T>
void SoftGrad(const CudaContext& context, const Tensor& x, const Tensor& label, const Tensor& dy, Tensor* dx) {
  const int64_t classes = Rows(x).classes;
  const T *p = x.data<T>(), *q = label.data<T>(), *d = dy.data<T>();
  T* to = dx->mutable_data<T>();
  cuda::ForEach(context, x.numel(), [=] __device__(int64_t i) { to[i] = -d[i / classes] * q[i] / p[i]; });
}

void CrossEntropyGrad(const CudaContext& context, const CrossEntropyAttrs& attrs, const OpDesc& op, const Tensor& x,
                      const Tensor& label, const Tensor& dy, Tensor& dx) {
  VisitFloat(x.dtype(), [&]<class T>() {
    if (attrs.soft_label) return SoftGrad<T>(context, x, label, dy, &dx);
    VisitIndex(label.dtype(), [&]<class L>() {
      HardGrad<T, L>(context,
                     cuda::ExpectClass(context, op, {{"X", &x}, {"Label", &label}, {"Y@GRAD", &dy}}, Rows(x).classes,
                                       attrs.ignore_index),
                     label, attrs.ignore_index, x.data<T>(), false, dy, &dx);
    });
  });
}

void CrossEntropy2(const CudaContext& context, const CrossEntropy2Attrs& attrs, const OpDesc& op, const Tensor& x,
                   const Tensor& label, Tensor& y, Tensor*, Tensor& match) {
  VisitFloat(x.dtype(), [&]<class T>() {
    VisitIndex(label.dtype(), [&]<class L>() {
      HardLoss<T, L>(
          context, cuda::ExpectClass(context, op, {{"X", &x}, {"Label", &label}}, Rows(x).classes, attrs.ignore_index),
          x, label, attrs.ignore_index, y.mutable_data<T>(), match.mutable_data<T>());
    });
  });
}

void CrossEntropyGrad2(const CudaContext& context, const CrossEntropy2Attrs& attrs, const OpDesc& op,
                       const Tensor& label, const Tensor& match, const Tensor& shape, const Tensor& dy, Tensor& dx) {
  VisitFloat(dx.dtype(), [&]<class T>() {
    VisitIndex(label.dtype(), [&]<class L>() {
      HardGrad<T, L>(
          context,
          cuda::ExpectClass(context, op, {{"Label", &label}, {"MatchX", &match}, {"XShape", &shape}, {"Y@GRAD", &dy}},
                            Rows(dx).classes, attrs.ignore_index),
          label, attrs.ignore_index, match.data<T>(), true, dy, &dx);
    });
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("cross_entropy", CrossEntropy),
    RegisterKernel("cross_entropy_grad", CrossEntropyGrad),
    RegisterKernel("cross_entropy2", CrossEntropy2),
    RegisterKernel("cross_entropy_grad2", CrossEntropyGrad2),
};

}  // namespace
}  // namespace paddle
