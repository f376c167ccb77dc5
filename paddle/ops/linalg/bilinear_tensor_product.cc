#include <algorithm>

#include "paddle/math/for_each.h"
#include "paddle/math/gemm.h"
#include "paddle/math/map.h"
#include "paddle/math/sum.h"
#include "paddle/math/sums.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

// Throws unless X is [N, D], Y [N, E], Weight [K, D, E]; returns [N, K].
Dims CheckInputs(const InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, 2);
  context.CheckRank("Y", 2, 2);
  const Dims &x = context.In("X").dims, &y = context.In("Y").dims;
  Require(SizesAgree(x[0], y[0]), "X ", x, " and Y ", y, " have ", x[0], " and ", y[0],
          " rows; expected the same number");
  CheckDims(context, "Weight", {-1, x[1], y[1]});
  for (const auto slot : {"Y", "Weight"}) context.CheckSameDType("X", slot);
  return {x[0] < 0 ? y[0] : x[0], context.In("Weight").dims[0]};
}

void Infer(const NoAttrs&, InferContext& context) {
  const Dims dims = CheckInputs(context);
  if (context.Has("Bias")) {
    CheckDims(context, "Bias", {1, dims[1]});
    context.CheckSameDType("X", "Bias");
  }
  context.SetOut("Out", dims, context.In("X").dtype);
  context.ShareLod("X", "Out");
}

void InferGrad(const NoAttrs&, InferContext& context) {
  const Dims dims = CheckInputs(context);
  CheckDims(context, "Out@GRAD", dims);
  context.CheckSameDType("X", "Out@GRAD");
  for (const auto slot : {"X", "Y", "Weight"}) context.CopyMeta(slot, StrCat(slot, kGradSuffix));
  context.SetOut("Bias@GRAD", {1, dims[1]}, context.In("X").dtype);
}

struct Sizes {
  int64_t n, d, e, k;

  Sizes(const Dims& x, const Dims& weight) : n(x[0]), d(weight[1]), e(weight[2]), k(weight[0]) {}
};

// The product at hand, [N, E]; the gradient also needs rows of X, [N, D].
struct State {
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

State Prepare(const CpuContext&, const NoAttrs&, const OpMetas& metas) {
  const Sizes s(metas.In("X").dims, metas.In("Weight").dims);
  return {static_cast<size_t>(s.n * std::max(s.d, s.e)) * SizeOf(metas.In("X").dtype)};
}

template <class F>
void ForRows(int64_t rows, int64_t width, const F& f) {
  ForEachIndex(rows, std::max<int64_t>(1, math::kCheapGrain / (width + 1)), f);
}

void Product(const CpuContext&, const NoAttrs&, State&, Scratch scratch, const Tensor& x, const Tensor& y,
             const Tensor& weight, const Tensor* bias, Tensor& out) {
  const Sizes s(x.dims(), weight.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    T *product = reinterpret_cast<T*>(scratch.data), *to = out.mutable_data<T>();
    const T* py = y.data<T>();
    for (int64_t k = 0; k < s.k; ++k) {
      const T start = bias ? bias->data<T>()[k] : T(0);
      Gemm<T>({.m = s.n, .n = s.e, .k = s.d}, T{1}, x.data<T>(), weight.data<T>() + k * s.d * s.e, T{0}, product);
      ForRows(s.n, s.e, [=](int64_t row) {
        const T *a = product + row * s.e, *b = py + row * s.e;
        to[row * s.k + k] = start + LaneSum<T>(s.e, [=](int64_t i) { return a[i] * b[i]; });
      });
    }
  });
}

// scaled = the rows of `x` [N, width] times column k of `factors` [N, columns].
template <class T>
void ScaleRows(const T* x, const T* factors, int64_t k, int64_t columns, int64_t rows, int64_t width, T* scaled) {
  ForRows(rows, width, [=](int64_t row) {
    const T factor = factors[row * columns + k];
    math::MapSerial([factor](T value) { return factor * value; }, x + row * width, scaled + row * width, width);
  });
}

void ProductGrad(const CpuContext&, const NoAttrs&, State&, Scratch scratch, const Tensor& dout, const Tensor& weight,
                 const Tensor& x, const Tensor& y, Tensor* d_bias, Tensor* d_weight, Tensor* d_x, Tensor* d_y) {
  const Sizes s(x.dims(), weight.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    T* scaled = reinterpret_cast<T*>(scratch.data);
    const T *px = x.data<T>(), *py = y.data<T>(), *pd = dout.data<T>();
    for (Tensor* gradient : {d_x, d_y})
      if (gradient) std::fill_n(gradient->mutable_data<T>(), gradient->numel(), T{0});
    for (int64_t k = 0; k < s.k; ++k) {
      const T* matrix = weight.data<T>() + k * s.d * s.e;
      if (d_x) {
        ScaleRows(py, pd, k, s.k, s.n, s.e, scaled);
        Gemm<T>({.m = s.n, .n = s.d, .k = s.e, .trans_b = true}, T{1}, scaled, matrix, T{1}, d_x->mutable_data<T>());
      }
      if (d_y || d_weight) ScaleRows(px, pd, k, s.k, s.n, s.d, scaled);
      if (d_y) Gemm<T>({.m = s.n, .n = s.e, .k = s.d}, T{1}, scaled, matrix, T{1}, d_y->mutable_data<T>());
      if (d_weight)
        Gemm<T>({.m = s.d, .n = s.e, .k = s.n, .trans_a = true}, T{1}, scaled, py, T{0},
                d_weight->mutable_data<T>() + k * s.d * s.e);
    }
    if (!d_bias) return;
    T* to = d_bias->mutable_data<T>();
    std::fill(to, to + s.k, T{0});
    for (int64_t row = 0; row < s.n; ++row) math::AddTo(pd + row * s.k, to, s.k);
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "bilinear_tensor_product",
                         .doc = "Out[n, k] = x Weight[k] y + Bias[k], with x and y row n of X and Y. Socher et al. "
                                "2013, \"Reasoning With Neural Tensor Networks for Knowledge Base Completion\".",
                         .inputs = {{"X", "Tensor [N, D]."},
                                    {"Y", "Tensor [N, E]."},
                                    {"Weight", "Tensor [K, D, E]."},
                                    {"Bias", "Tensor [1, K]; zero if absent.", kOptional}},
                         .outputs = {{"Out", "Tensor [N, K], grouped as X."}},
                         .infer = Infer}),
    RegisterKernel("bilinear_tensor_product", Prepare, Product),
    RegisterOp<NoAttrs>({.name = "bilinear_tensor_product_grad",
                         .doc = "Gradient of bilinear_tensor_product.",
                         .inputs = {{"Out@GRAD", "Gradient of Out."},
                                    {"Weight", "Of the forward op."},
                                    {"X", "Of the forward op."},
                                    {"Y", "Of the forward op."}},
                         .outputs = {{"Bias@GRAD", "Gradient of Bias.", kOptional},
                                     {"Weight@GRAD", "Gradient of Weight.", kOptional},
                                     {"X@GRAD", "Gradient of X.", kOptional},
                                     {"Y@GRAD", "Gradient of Y.", kOptional}},
                         .infer = InferGrad}),
    RegisterKernel("bilinear_tensor_product_grad", Prepare, ProductGrad),
};

}  // namespace
}  // namespace paddle
