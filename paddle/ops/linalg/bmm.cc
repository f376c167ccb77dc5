// Products of two batches of matrices.

#include <algorithm>

#include "paddle/math/gemm.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

// Throws unless X is [b, m, k] and Y [b, k, n]; returns [b, m, n].
Dims ProductDims(const InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Y");
  context.CheckRank("X", 3, 3);
  context.CheckRank("Y", 3, 3);
  const Dims &x = context.In("X").dims, &y = context.In("Y").dims;
  Require(SizesAgree(x[0], y[0]), "X ", x, " and Y ", y, " are batches of ", x[0], " and ", y[0],
          " matrices; expected the same number");
  Require(SizesAgree(x[2], y[1]), "X ", x, " has matrices of ", x[2], " columns, but Y ", y, " has matrices of ", y[1],
          " rows; they must be equal");
  return {x[0] < 0 ? y[0] : x[0], x[1], y[2]};
}

void Infer(const NoAttrs&, InferContext& context) {
  context.SetOut("Out", ProductDims(context), context.In("X").dtype);
  context.ShareLod("X", "Out");
}

struct Sizes {
  int64_t batch, m, n, k;

  explicit Sizes(const OpMetas& metas)
      : batch(metas.In("X").dims[0]), m(metas.In("X").dims[1]), n(metas.In("Y").dims[2]), k(metas.In("X").dims[2]) {}
};

struct State {
  PreparedGemm product;
  size_t scratch_bytes() const { return product.scratch_bytes(); }
};

State Prepare(const CpuContext&, const NoAttrs&, const OpMetas& metas) {
  const Sizes s(metas);
  const GemmShape shape{.m = s.m,
                        .n = s.n,
                        .k = s.k,
                        .batch = s.batch,
                        .stride_a = s.m * s.k,
                        .stride_b = s.k * s.n,
                        .stride_c = s.m * s.n};
  return {PreparedGemm(metas.In("X").dtype, shape)};
}

void Bmm(const CpuContext&, const NoAttrs&, State& state, Scratch scratch, const Tensor& x, const Tensor& y,
         Tensor& out) {
  VisitFloat(x.dtype(),
             [&]<class T>() { state.product.Run(x.data<T>(), y.data<T>(), out.mutable_data<T>(), scratch.data); });
}

void InferGrad(const NoAttrs&, InferContext& context) {
  const Dims dims = ProductDims(context);
  context.CheckSameDType("X", "Out@GRAD");
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected ", dims);
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}

struct GradState {
  PreparedGemm x, y;
  size_t scratch_bytes() const { return std::max(x.scratch_bytes(), y.scratch_bytes()); }
};

GradState PrepareGrad(const CpuContext&, const NoAttrs&, const OpMetas& metas) {
  const Sizes s(metas);
  const DType dtype = metas.In("X").dtype;
  const GemmShape x{.m = s.m,
                    .n = s.k,
                    .k = s.n,
                    .trans_b = true,
                    .batch = s.batch,
                    .stride_a = s.m * s.n,
                    .stride_b = s.k * s.n,
                    .stride_c = s.m * s.k};
  const GemmShape y{.m = s.k,
                    .n = s.n,
                    .k = s.m,
                    .trans_a = true,
                    .batch = s.batch,
                    .stride_a = s.m * s.k,
                    .stride_b = s.m * s.n,
                    .stride_c = s.k * s.n};
  return {PreparedGemm(dtype, x), PreparedGemm(dtype, y)};
}

void Grad(const CpuContext&, const NoAttrs&, GradState& state, Scratch scratch, const Tensor& dout, const Tensor& x,
          const Tensor& y, Tensor* dx, Tensor* dy) {
  VisitFloat(x.dtype(), [&]<class T>() {
    if (dx) state.x.Run(dout.data<T>(), y.data<T>(), dx->mutable_data<T>(), scratch.data);
    if (dy) state.y.Run(x.data<T>(), dout.data<T>(), dy->mutable_data<T>(), scratch.data);
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "bmm",
                         .doc = "Out = the products of the matrices of X and Y, one by one.",
                         .inputs = {{"X", "Tensor [batch, m, k]."}, {"Y", "Tensor [batch, k, n]."}},
                         .outputs = {{"Out", "Tensor [batch, m, n], grouped as X."}},
                         .infer = Infer}),
    RegisterKernel("bmm", Prepare, Bmm),
    RegisterOp<NoAttrs>(
        {.name = "bmm_grad",
         .doc = "X@GRAD = Out@GRAD Y', Y@GRAD = X' Out@GRAD, matrix by matrix.",
         .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}, {"Y", "Input of the op."}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
         .infer = InferGrad}),
    RegisterKernel("bmm_grad", PrepareGrad, Grad),
};

}  // namespace
}  // namespace paddle
