// Norms of all elements together: squared_l2_norm and l1_norm.

#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/math/sums.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sparse/merged_rows.h"

namespace paddle {
namespace {

struct Square {
  template <class T>
  static constexpr T Value(T x) {
    return x * x;
  }
  template <class T>
  static constexpr T Slope(T x) {
    return T(2) * x;
  }
};

struct Magnitude {
  template <class T>
  static constexpr T Value(T x) {
    return math::Abs(x);
  }
  template <class T>
  static constexpr T Slope(T x) {
    return math::Sign(x);
  }
};

void Infer(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.SetOut("Out", {1}, context.In("X").dtype);
}

void InferGrad(const NoAttrs&, InferContext& context) {
  context.CheckSameDType("X", "Out@GRAD");
  Require(SizesAgree(context.In("Out@GRAD").numel(), 1), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected one element");
  context.CopyMeta("X", "X@GRAD");
}

template <class F, class T>
T Norm(const T* x, int64_t n) {
  return static_cast<T>(ParallelSum<T>(n, [x](int64_t i) { return F::Value(x[i]); }));
}

template <class F>
void Kernel(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() { *out.mutable_data<T>() = Norm<F>(x.data<T>(), x.numel()); });
}

// Of the tensor that the rows stand for: those of the same number are added up first.
template <class F>
void SparseKernel(const CpuContext&, const NoAttrs&, RowMerger& rows, const SelectedRows& x, Tensor& out) {
  rows.Merge(x);
  VisitFloat(x.value.dtype(), [&]<class T>() {
    *out.mutable_data<T>() = Norm<F>(rows.value<T>(0), static_cast<int64_t>(rows.rows().size()) * rows.width());
  });
}

template <class F>
void Grad(const CpuContext&, const NoAttrs&, const Tensor& dout, const Tensor& x, Tensor* dx) {
  if (!dx) return;
  VisitFloat(x.dtype(), [&]<class T>() {
    const T d = *dout.data<T>();
    math::Map([d](T v) { return d * F::Slope(v); }, x.data<T>(), dx->mutable_data<T>(), x.numel());
  });
}

OpSpec<NoAttrs> Forward(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"X", "Tensor of any shape, or SelectedRows, which have no gradient here."}},
          .outputs = {{"Out", "One number, of shape [1]."}},
          .infer = Infer};
}

OpSpec<NoAttrs> Backward(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"Out@GRAD", "Gradient of Out, one number."}, {"X", "Input of the op."}},
          .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
          .infer = InferGrad,
          .may_share = {{"X@GRAD", "X"}}};
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp(Forward("squared_l2_norm", "Out = the sum of the squares of X.")),
    RegisterKernel("squared_l2_norm", Kernel<Square>),
    RegisterKernel("squared_l2_norm", PrepareRows<NoAttrs>, SparseKernel<Square>),
    RegisterOp(Backward("squared_l2_norm_grad", "X@GRAD = 2 X Out@GRAD.")),
    RegisterKernel("squared_l2_norm_grad", Grad<Square>),
    RegisterOp(Forward("l1_norm", "Out = the sum of the magnitudes of X.")),
    RegisterKernel("l1_norm", Kernel<Magnitude>),
    RegisterKernel("l1_norm", PrepareRows<NoAttrs>, SparseKernel<Magnitude>),
    RegisterOp(Backward("l1_norm_grad", "X@GRAD = sign(X) Out@GRAD.")),
    RegisterKernel("l1_norm_grad", Grad<Magnitude>),
};

}  // namespace
}  // namespace paddle
