// The product of two tensors flattened to matrices, with its first and second gradient.
#include "paddle/ops/linalg/mul.h"

#include <algorithm>

#include "paddle/math/gemm.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/float_types.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

// The dims of Out.
Dims CheckFactors(const MulAttrs& attrs, InferContext& context) {
  const Dims &x = context.In("X").dims, &y = context.In("Y").dims;
  context.CheckDType("X", kMixedFloats);
  context.CheckSameDType("X", "Y");
  CheckColumns(attrs.x_num_col_dims, x.rank(), "x_num_col_dims", "X");
  CheckColumns(attrs.y_num_col_dims, y.rank(), "y_num_col_dims", "Y");
  const int64_t columns = x.Product(attrs.x_num_col_dims, x.rank()), rows = y.Product(0, attrs.y_num_col_dims);
  Require(SizesAgree(columns, rows), "X ", x, " flattened at dimension ", attrs.x_num_col_dims, " has ", columns,
          " columns, but Y ", y, " flattened at dimension ", attrs.y_num_col_dims, " has ", rows,
          " rows; they must be equal");
  Dims out = x.Slice(0, attrs.x_num_col_dims);
  for (int i = attrs.y_num_col_dims; i < y.rank(); ++i) out.Append(y[i]);
  return out;
}

void InferMul(const MulAttrs& attrs, InferContext& context) {
  context.SetOut("Out", CheckFactors(attrs, context), context.In("X").dtype);
  context.ShareLod("X", "Out");
}

PreparedGemm PrepareMul(const CpuContext&, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  return PreparedGemm(s.dtype, OutShape(s), 1, 0, 0, metas.IsWeight("Y"));
}

void Mul(const CpuContext&, const MulAttrs&, PreparedGemm& product, Scratch scratch, const Tensor& x, const Tensor& y,
         Tensor& out) {
  VisitMixedFloat(x.dtype(), [&]<class T>() { product.Run(x.data<T>(), y, out.mutable_data<T>(), scratch.data); });
}

struct MulGradState {
  PreparedGemm x, y;
  size_t scratch_bytes() const { return std::max(x.scratch_bytes(), y.scratch_bytes()); }
};

MulGradState PrepareMulGrad(const CpuContext&, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  MulGradState state;
  if (metas.HasOut("X@GRAD")) state.x = PreparedGemm(s.dtype, XGradShape(s));
  if (metas.HasOut("Y@GRAD")) state.y = PreparedGemm(s.dtype, YGradShape(s));
  return state;
}

void MulGrad(const CpuContext&, const MulAttrs&, MulGradState& state, Scratch scratch, const Tensor& x, const Tensor& y,
             const Tensor& d_out, Tensor* dx, Tensor* dy) {
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    const T* d = d_out.data<T>();
    if (dx) state.x.Run(d, y.data<T>(), dx->mutable_data<T>(), scratch.data);
    if (dy) state.y.Run(x.data<T>(), d, dy->mutable_data<T>(), scratch.data);
  });
}

void InferMulGrad(const MulAttrs& attrs, InferContext& context) {
  CheckDims(context, "Out@GRAD", CheckFactors(attrs, context));
  context.CheckSameDType("X", "Out@GRAD");
  context.SetOut("X@GRAD", context.In("X").dims, context.In("X").dtype);
  if (!context.building()) context.ShareLod("X", "X@GRAD");  // Fluid describes it without a LoD, but gives it one
  context.SetOut("Y@GRAD", context.In("Y").dims, context.In("Y").dtype);
}

void GradMulGrad(const MulAttrs& attrs, GradContext& g) {
  OpDesc& op = g.Emit("mul_grad_grad", attrs);
  op.SetInput("X", g.In("X"));
  op.SetInput("Y", g.In("Y"));
  op.SetInput("DOut", g.In("Out@GRAD"));
  op.SetInput("DDX", g.OutGrad("X@GRAD"));
  op.SetInput("DDY", g.OutGrad("Y@GRAD"));
  op.SetOutput("DX", g.InGrad("X"));
  op.SetOutput("DY", g.InGrad("Y"));
  op.SetOutput("DDOut", g.InGrad("Out@GRAD"));
}

struct MulGradGradState {
  PreparedGemm x, y, out, out_more;
  size_t scratch_bytes() const {
    return std::max({x.scratch_bytes(), y.scratch_bytes(), out.scratch_bytes(), out_more.scratch_bytes()});
  }
};

MulGradGradState PrepareMulGradGrad(const CpuContext&, const MulAttrs& attrs, const OpMetas& metas) {
  const MulSizes s = MulSizesOf(attrs, metas);
  return {PreparedGemm(s.dtype, XGradShape(s)), PreparedGemm(s.dtype, YGradShape(s)),
          PreparedGemm(s.dtype, OutShape(s)), PreparedGemm(s.dtype, OutShape(s), 1, 1)};
}

void Zero(Tensor& tensor) { std::fill_n(tensor.mutable_raw(), tensor.bytes(), std::byte{0}); }

void MulGradGrad(const CpuContext&, const MulAttrs&, MulGradGradState& state, Scratch scratch, const Tensor& x,
                 const Tensor& y, const Tensor& d_out, const Tensor* ddx, const Tensor* ddy, Tensor* dx, Tensor* dy,
                 Tensor* dd_out) {
  if (dx && !ddy) Zero(*dx);
  if (dy && !ddx) Zero(*dy);
  if (dd_out && !ddx && !ddy) Zero(*dd_out);
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    const T* d = d_out.data<T>();
    if (dx && ddy) state.x.Run(d, ddy->data<T>(), dx->mutable_data<T>(), scratch.data);
    if (dy && ddx) state.y.Run(ddx->data<T>(), d, dy->mutable_data<T>(), scratch.data);
    if (!dd_out) return;
    if (ddx) state.out.Run(ddx->data<T>(), y.data<T>(), dd_out->mutable_data<T>(), scratch.data);
    if (ddy)
      (ddx ? state.out_more : state.out).Run(x.data<T>(), ddy->data<T>(), dd_out->mutable_data<T>(), scratch.data);
  });
}

void InferMulGradGrad(const MulAttrs& attrs, InferContext& context) {
  CheckDims(context, "DOut", CheckFactors(attrs, context));
  context.CheckSameDType("X", "DOut");
  for (const auto& [given, like] : {std::pair{"DDX", "X"}, {"DDY", "Y"}}) {
    if (!context.Has(given)) continue;
    context.CheckSameDims(like, given);
    context.CheckSameDType(like, given);
  }
  if (context.HasOut("DX")) context.CopyMeta("X", "DX");
  if (context.HasOut("DY")) context.CopyMeta("Y", "DY");
  if (context.HasOut("DDOut")) context.CopyMeta("DOut", "DDOut");
}

const Registered kMul = RegisterOp<MulAttrs>({
    .name = "mul",
    .doc = "Matrix product of X and Y, each flattened to two dimensions first: Out = X Y.",
    .inputs = {{"X", "Left factor; its first x_num_col_dims dimensions become the rows."},
               {"Y", "Right factor; its first y_num_col_dims dimensions become the rows."}},
    .outputs = {{"Out", "The product, of shape X.shape[:x_num_col_dims] + Y.shape[y_num_col_dims:], grouped as X."}},
    .infer = InferMul,
});
const Registered kMulCpu = RegisterKernel("mul", PrepareMul, Mul);

const Registered kMulGrad = RegisterOp<MulAttrs>({
    .name = "mul_grad",
    .doc = "Gradient of mul: X@GRAD = Out@GRAD Y', Y@GRAD = X' Out@GRAD.",
    .inputs = {{"X", "As given to mul."}, {"Y", "As given to mul."}, {"Out@GRAD", "Gradient of the product."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
    .infer = InferMulGrad,
    .grad = GradMulGrad,
});
const Registered kMulGradCpu = RegisterKernel("mul_grad", PrepareMulGrad, MulGrad);

const Registered kMulGradGrad = RegisterOp<MulAttrs>({
    .name = "mul_grad_grad",
    .doc = "Gradient of mul_grad: DX = DOut DDY', DY = DDX' DOut, DDOut = DDX Y + X DDY.",
    .inputs = {{"X", "As given to mul."},
               {"Y", "As given to mul."},
               {"DOut", "Gradient of the product, as given to mul_grad."},
               {"DDX", "Gradient of X@GRAD.", kOptional},
               {"DDY", "Gradient of Y@GRAD.", kOptional}},
    .outputs = {{"DX", "Gradient of X.", kOptional},
                {"DY", "Gradient of Y.", kOptional},
                {"DDOut", "Gradient of DOut.", kOptional}},
    .infer = InferMulGradGrad,
});
const Registered kMulGradGradCpu = RegisterKernel("mul_grad_grad", PrepareMulGradGrad, MulGradGrad);

}  // namespace
}  // namespace paddle
