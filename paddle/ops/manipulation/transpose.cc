#include "paddle/math/strided.h"
#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

struct TransposeAttrs {
  std::vector<int32_t> axis;
  std::string data_format = "AnyLayout";

  static auto Fields() {
    using A = TransposeAttrs;
    return std::tuple{
        Field{"axis", &A::axis, "For each axis of Out the axis of X that it is; negative ones count from the last.",
              Presence::kRequired},
        Field{"data_format", &A::data_format, "Has no influence: a mark of other kernel libraries."}};
  }
};

// For each axis of the output the axis of the input. Throws unless each is named once.
Dims Permutation(const TransposeAttrs& attrs, int rank) {
  Require(static_cast<int>(attrs.axis.size()) == rank, "axis ", attrs.axis, " names ", attrs.axis.size(),
          " axes, but the tensor has rank ", rank);
  Dims permutation;
  unsigned seen = 0;
  for (const int32_t axis : attrs.axis) {
    permutation.Append(NormalizeAxis(axis, rank));
    const unsigned bit = 1U << permutation[permutation.rank() - 1];
    Require(!(seen & bit), "axis ", attrs.axis, " names an axis twice; expected each once");
    seen |= bit;
  }
  return permutation;
}

void Infer(const TransposeAttrs& attrs, InferContext& context) {
  const TensorMeta x = context.In("X");
  const Dims permutation = Permutation(attrs, x.rank());
  Dims dims = x.dims;
  for (int i = 0; i < dims.rank(); ++i) dims[i] = x.dims[static_cast<int>(permutation[i])];
  context.SetOut("Out", dims, x.dtype);
}

void Infer2(const TransposeAttrs& attrs, InferContext& context) {
  InferXShape(context);
  Infer(attrs, context);
}

// X@GRAD is as X; `x` is X's shape.
void CheckGrad(const TransposeAttrs& attrs, InferContext& context, const Dims& x) {
  const Dims permutation = Permutation(attrs, x.rank()), &dout = context.In("Out@GRAD").dims;
  bool fits = dout.rank() == x.rank();
  for (int i = 0; fits && i < x.rank(); ++i) fits = SizesAgree(dout[i], x[static_cast<int>(permutation[i])]);
  Require(fits, "Out@GRAD has shape ", dout, ", but X has ", x, " and axis is ", attrs.axis);
}

void InferGrad(const TransposeAttrs& attrs, InferContext& context) {
  CheckGrad(attrs, context, context.In("X").dims);
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

void InferGrad2(const TransposeAttrs& attrs, InferContext& context) {
  InferFromXShape(context);
  CheckGrad(attrs, context, context.Out("X@GRAD").dims);
}

// Axis i of `out` is axis permutation[i] of `x`; the other way round where `back`.
void Permute(const TransposeAttrs& attrs, const Tensor& x, Tensor& out, bool back) {
  const Dims permutation = Permutation(attrs, x.rank());
  const auto from = math::RowMajorStrides(x.dims()), to = math::RowMajorStrides(out.dims());
  math::StridedAxes axes;
  for (int i = 0; i < x.rank(); ++i) {
    const int k = static_cast<int>(permutation[i]);
    axes.Append(back ? math::StridedAxis{x.dim(i), from[i], to[k]} : math::StridedAxis{out.dim(i), from[k], to[i]});
  }
  math::CopyStrided(axes, SizeOf(x.dtype()), x.raw(), out.mutable_raw());
}

void Transpose(const CpuContext&, const TransposeAttrs& attrs, const Tensor& x, Tensor& out) {
  Permute(attrs, x, out, false);
}
void Transpose2(const CpuContext&, const TransposeAttrs& attrs, const Tensor& x, Tensor& out, Tensor*) {
  Permute(attrs, x, out, false);
}
void TransposeGrad(const CpuContext&, const TransposeAttrs& attrs, const Tensor*, const Tensor& dout, const Tensor&,
                   Tensor& dx) {
  Permute(attrs, dout, dx, true);
}
void TransposeGrad2(const CpuContext&, const TransposeAttrs& attrs, const Tensor& dout, const Tensor&, Tensor& dx) {
  Permute(attrs, dout, dx, true);
}

constexpr std::string_view kDoc = "Out = X with its axes in another order: axis i of Out is axis `axis[i]` of X.";
constexpr std::string_view kGradDoc = "X@GRAD = Out@GRAD with its axes in X's order.";
const SlotSpec kX{"X", "Tensor of any shape."}, kOut{"Out", "The same elements; no LoD."};
const SlotSpec kDOut{"Out@GRAD", "Gradient of Out."}, kDX{"X@GRAD", "Gradient of X."};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<TransposeAttrs>({.name = "transpose", .doc = kDoc, .inputs = {kX}, .outputs = {kOut}, .infer = Infer}),
    RegisterKernel("transpose", Transpose),
    RegisterOp<TransposeAttrs>(
        {.name = "transpose_grad",
         .doc = kGradDoc,
         .inputs = {{"Out", "Output of the op.", kMetaOnly | kOptional}, kDOut, {"X", "Input of the op.", kMetaOnly}},
         .outputs = {kDX},
         .infer = InferGrad}),
    RegisterKernel("transpose_grad", TransposeGrad),
    RegisterOp<TransposeAttrs>(
        {.name = "transpose2", .doc = kDoc, .inputs = {kX}, .outputs = {kOut, kXShapeSlot}, .infer = Infer2}),
    RegisterKernel("transpose2", Transpose2),
    RegisterOp<TransposeAttrs>({.name = "transpose2_grad",
                                .doc = kGradDoc,
                                .inputs = {kDOut, kXShapeInput},
                                .outputs = {kDX},
                                .infer = InferGrad2}),
    RegisterKernel("transpose2_grad", TransposeGrad2),
};

}  // namespace
}  // namespace paddle
