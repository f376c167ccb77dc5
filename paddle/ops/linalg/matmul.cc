// Products of matrices and of batches of them, with the gradient.
#include "paddle/ops/linalg/matmul.h"

#include "paddle/op/check_dims.h"
#include "paddle/op/float_types.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

Matrices Split(const Dims& dims, bool vector_is_row) {
  const int rank = dims.rank();
  if (rank == 1) return vector_is_row ? Matrices{1, 1, dims[0], false} : Matrices{1, dims[0], 1, false};
  return {dims.Product(0, rank - 2), dims[rank - 2], dims[rank - 1], rank > 2};
}

// The whole batch as one product where X's matrices lie below one another and Y is a single matrix.
bool Folds(const MatMulAttrs& attrs, const Product& p) { return p.x.batched && !p.y.batched && !attrs.transpose_X; }

// Batch items of A and B start step_a, step_b elements apart (0: one for all); `batched`: so does the result.
OperandPlan PlanOperand(GemmShape s, int64_t batch, int64_t step_a, int64_t step_b, bool batched) {
  if (batched || batch == 1) {
    s.batch = batch;
    s.stride_a = step_a;
    s.stride_b = step_b;
    s.stride_c = s.m * s.n;
    return {s};
  }
  if (batch == 0) s.k = 0;  // a sum over nothing
  return {s, true, std::max<int64_t>(batch, 1), step_a, step_b};
}

}  // namespace

Product ProductOf(const MatMulAttrs& attrs, const Dims& x_dims, const Dims& y_dims) {
  const Matrices x = Split(x_dims, true), y = Split(y_dims, false);
  Product p{x, y, x.batched ? x.batch : y.batch, x.rows, y.columns, x.columns};
  if (attrs.transpose_X) std::swap(p.m, p.k);
  const int64_t k = attrs.transpose_Y ? y.columns : y.rows;
  if (attrs.transpose_Y) p.n = y.rows;
  Require(SizesAgree(p.k, k), "X ", x_dims, attrs.transpose_X ? " transposed" : "", " has matrices of ", p.k,
          " columns, but Y ", y_dims, attrs.transpose_Y ? " transposed" : "", " has matrices of ", k,
          " rows; they must be equal");
  Require(!x.batched || !y.batched || SizesAgree(x.batch, y.batch), "X ", x_dims, " is a batch of ", x.batch,
          " matrices and Y ", y_dims, " one of ", y.batch,
          "; expected the same number, or a single matrix on one side");
  if (p.k < 0) p.k = k;
  return p;
}

MatMulPlan PlanMatMul(const MatMulAttrs& attrs, const Dims& x_dims, const Dims& y_dims) {
  const Product p = ProductOf(attrs, x_dims, y_dims);
  MatMulPlan plan;
  GemmShape& s = plan.shape;
  s = {.m = p.m, .n = p.n, .k = p.k, .trans_a = attrs.transpose_X, .trans_b = attrs.transpose_Y};
  const int64_t heads = attrs.head_number;
  const int64_t step_x = p.x.batched ? p.m * p.k : 0, step_y = p.y.batched ? p.k * p.n : 0;
  if (heads > 1) {
    plan.runs = p.batch;
    plan.step_x = step_x;
    plan.step_y = step_y;
    plan.step_out = p.m * p.n * heads;
    s.k = p.k / heads;
    s.lda = p.k;
    s.ldc = p.n * heads;
    s.batch = heads;
    s.stride_a = s.k;
    s.stride_b = s.k * p.n;
    s.stride_c = p.n;
  } else if (Folds(attrs, p)) {
    s.m = p.batch * p.m;
  } else {
    s.batch = p.batch;
    s.stride_a = step_x;
    s.stride_b = step_y;
    s.stride_c = p.m * p.n;
  }
  return plan;
}

// With P = op(X), Q = op(Y): dP = alpha dOut Q', dQ = alpha P' dOut; the transposed operands get the transposes of
// these.
MatMulGradPlan PlanMatMulGrad(const MatMulAttrs& attrs, const Dims& x_dims, const Dims& y_dims) {
  const bool tx = attrs.transpose_X, ty = attrs.transpose_Y;
  const Product p = ProductOf(attrs, x_dims, y_dims);
  const bool folds = Folds(attrs, p);
  const int64_t m = folds ? p.batch * p.m : p.m, batch = folds ? 1 : p.batch;
  const int64_t step_x = p.x.batched ? p.m * p.k : 0, step_y = p.y.batched ? p.k * p.n : 0, step_out = p.m * p.n;
  MatMulGradPlan plan;
  if (tx)
    plan.x =
        PlanOperand({.m = p.k, .n = m, .k = p.n, .trans_a = ty, .trans_b = true}, batch, step_y, step_out, p.x.batched);
  else
    plan.x = PlanOperand({.m = m, .n = p.k, .k = p.n, .trans_b = !ty}, batch, step_out, step_y, p.x.batched);
  if (ty)
    plan.y =
        PlanOperand({.m = p.n, .n = p.k, .k = m, .trans_a = true, .trans_b = tx}, batch, step_out, step_x, p.y.batched);
  else
    plan.y = PlanOperand({.m = p.k, .n = p.n, .k = m, .trans_a = !tx}, batch, step_x, step_out, p.y.batched);
  return plan;
}

namespace {

// The dims of Out.
Dims CheckFactors(const MatMulAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kMixedFloats);
  context.CheckSameDType("X", "Y");
  context.CheckRank("X", 1, kMaxRank);
  context.CheckRank("Y", 1, kMaxRank);
  const Dims &x = context.In("X").dims, &y = context.In("Y").dims;
  const int heads = attrs.head_number;
  Require(heads >= 1, "head_number must be positive, got ", heads);
  Require(heads == 1 || (!attrs.transpose_X && !attrs.transpose_Y), "head_number ", heads,
          " needs transpose_X and transpose_Y to be false");
  const Product p = ProductOf(attrs, x, y);
  Require(p.k < 0 || p.k % heads == 0, "the ", p.k, " columns of X cannot be cut into head_number = ", heads,
          " equal parts");
  Dims out;
  if (p.x.batched)
    out = x.Slice(0, x.rank() - 2);
  else if (p.y.batched)
    out = y.Slice(0, y.rank() - 2);
  if (x.rank() > 1 || p.m != 1) out.Append(p.m);
  if (y.rank() > 1 || p.n != 1) out.Append(p.n < 0 ? -1 : p.n * heads);
  if (out.rank() == 0) out.Append(1);
  return out;
}

void InferMatMul(const MatMulAttrs& attrs, InferContext& context) {
  context.SetOut("Out", CheckFactors(attrs, context), context.In("X").dtype);
  context.ShareLod("X", "Out");
}

struct MatMulState {
  PreparedGemm gemm;
  MatMulPlan plan;
  size_t scratch_bytes() const { return gemm.scratch_bytes(); }
};

MatMulState PrepareMatMul(const CpuContext&, const MatMulAttrs& attrs, const OpMetas& metas) {
  const MatMulPlan plan = PlanMatMul(attrs, metas.In("X").dims, metas.In("Y").dims);
  return {PreparedGemm(metas.In("X").dtype, plan.shape, attrs.alpha, 0, 0, metas.IsWeight("Y")), plan};
}

void MatMul(const CpuContext&, const MatMulAttrs&, MatMulState& state, Scratch scratch, const Tensor& x,
            const Tensor& y, Tensor& out) {
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    const MatMulPlan& plan = state.plan;
    if (plan.runs == 1) return state.gemm.Run(x.data<T>(), y, out.mutable_data<T>(), scratch.data);
    for (int64_t i = 0; i < plan.runs; ++i)
      state.gemm.Run(x.data<T>() + i * plan.step_x, y.data<T>() + i * plan.step_y,
                     out.mutable_data<T>() + i * plan.step_out, scratch.data);
  });
}

struct MatMulGradState {
  OperandGrad<PreparedGemm> x, y;
  size_t scratch_bytes() const { return std::max(x.scratch_bytes(), y.scratch_bytes()); }
};

MatMulGradState PrepareMatMulGrad(const CpuContext&, const MatMulAttrs& attrs, const OpMetas& metas) {
  const MatMulGradPlan plan = PlanMatMulGrad(attrs, metas.In("X").dims, metas.In("Y").dims);
  const auto make = [&](const GemmShape& shape, float alpha, float beta) {
    return PreparedGemm(metas.In("X").dtype, shape, alpha, beta);
  };
  MatMulGradState state;
  if (metas.HasOut("X@GRAD")) state.x = {plan.x, attrs.alpha, make};
  if (metas.HasOut("Y@GRAD")) state.y = {plan.y, attrs.alpha, make};
  return state;
}

void MatMulGrad(const CpuContext&, const MatMulAttrs& attrs, MatMulGradState& state, Scratch scratch, const Tensor& x,
                const Tensor& y, const Tensor& d_out, Tensor* dx, Tensor* dy) {
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    const T *p = x.data<T>(), *q = y.data<T>(), *d = d_out.data<T>();
    const auto run = [&](T* to) {
      return [=](const PreparedGemm& gemm, const T* a, const T* b) { gemm.Run(a, b, to, scratch.data); };
    };
    if (dx) state.x.ForEachProduct(attrs.transpose_X ? q : d, attrs.transpose_X ? d : q, run(dx->mutable_data<T>()));
    if (dy) state.y.ForEachProduct(attrs.transpose_Y ? d : p, attrs.transpose_Y ? p : d, run(dy->mutable_data<T>()));
  });
}

void InferMatMulGrad(const MatMulAttrs& attrs, InferContext& context) {
  Require(attrs.head_number == 1, "matmul with head_number = ", attrs.head_number,
          " has no gradient; split X and Y and concatenate the products instead");
  CheckDims(context, "Out@GRAD", CheckFactors(attrs, context));
  context.CheckSameDType("X", "Out@GRAD");
  if (context.HasOut("X@GRAD")) context.CopyMeta("X", "X@GRAD");
  if (context.HasOut("Y@GRAD")) context.CopyMeta("Y", "Y@GRAD");
}

const Registered kOp = RegisterOp<MatMulAttrs>({
    .name = "matmul",
    .doc = "Matrix product of the last two dimensions: Out = alpha op(X) op(Y), where op transposes if asked to. A "
           "vector X is a row, a vector "
           "Y a column, and that dimension is dropped from Out again. Dimensions before the last two are a batch: of "
           "the same number of "
           "matrices on both sides, or one side is a single matrix.",
    .inputs = {{"X", "Left factor, of rank 1 or more."}, {"Y", "Right factor, of rank 1 or more."}},
    .outputs = {{"Out",
                 "The product, with the batch dimensions of X (of Y where X is a single matrix), grouped as X."}},
    .infer = InferMatMul,
});
const Registered kCpu = RegisterKernel("matmul", PrepareMatMul, MatMul);

const Registered kGradOp = RegisterOp<MatMulAttrs>({
    .name = "matmul_grad",
    .doc = "Gradient of matmul.",
    .inputs = {{"X", "As given to matmul."}, {"Y", "As given to matmul."}, {"Out@GRAD", "Gradient of the product."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
    .infer = InferMatMulGrad,
});
const Registered kGradCpu = RegisterKernel("matmul_grad", PrepareMatMulGrad, MatMulGrad);

}  // namespace
}  // namespace paddle
