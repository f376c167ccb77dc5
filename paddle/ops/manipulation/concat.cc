#include <algorithm>

#include "paddle/ops/manipulation/manipulation.h"
#include "paddle/ops/manipulation/pieces.h"

namespace paddle {
namespace {

struct ConcatAttrs {
  int32_t axis = 0;
  // Programs carry these where the op is the gradient of a split.
  std::vector<int32_t> sections;
  int32_t num = 0;

  static auto Fields() {
    using A = ConcatAttrs;
    return std::tuple{Field{"axis", &A::axis, "The axis to join along; negative ones count from the last."},
                      Field{"sections", &A::sections, "Has no influence: that of the split whose gradient this is."},
                      Field{"num", &A::num, "Has no influence: that of the split whose gradient this is."}};
  }
};

// The inputs joined; all sizes are unknown while the axis is.
Dims JoinedDims(const InferContext& context, std::optional<int> axis) {
  const TensorMeta& first = context.In("X");
  Dims dims = first.dims;
  for (int i = 1; i < context.Count("X"); ++i) {
    const TensorMeta& x = context.In("X", i);
    Require(x.dtype == first.dtype, "X[", i, "] is ", x.dtype, ", but X[0] is ", first.dtype,
            "; all must have the same element type");
    Require(x.rank() == first.rank(), "X[", i, "] has shape ", x.dims, ", but X[0] has ", first.dims,
            "; all must have the same rank");
    if (!axis) continue;
    for (int k = 0; k < dims.rank(); ++k) {
      if (k == *axis) {
        dims[k] = dims[k] < 0 || x.dims[k] < 0 ? -1 : dims[k] + x.dims[k];
        continue;
      }
      Require(SizesAgree(dims[k], x.dims[k]), "X[", i, "] has shape ", x.dims, ", but X[0] has ", first.dims,
              "; all sizes but that of axis ", *axis, " must be equal");
      dims[k] = std::max(dims[k], x.dims[k]);
    }
  }
  if (!axis) std::fill_n(&dims[0], dims.rank(), -1);
  return dims;
}

// Rows that are joined keep their sequences, where all inputs have them equally deep.
void JoinLods(InferContext& context) {
  const int levels = context.In("X").lod_level, count = context.Count("X");
  for (int i = 0; i < count; ++i)
    if (context.In("X", i).lod_level != levels) return;
  if (context.building()) return context.SetLodLevel("Out", levels);
  if (levels == 0) return;
  auto lengths = context.In("X").lod.ToLengths();
  for (int i = 1; i < count; ++i) {
    const auto more = context.In("X", i).lod.ToLengths();
    for (int level = 0; level < levels; ++level)
      lengths[level].insert(lengths[level].end(), more[level].begin(), more[level].end());
  }
  context.SetLod("Out", Lod::FromLengths(lengths));
}

void Infer(const ConcatAttrs& attrs, InferContext& context) {
  Require(context.Count("X") > 0, "X names no tensor; expected one or more");
  context.CheckRank("X", 1, kMaxRank);
  const auto axis = InferAxis(context, attrs.axis, context.In("X").rank());
  context.SetOut("Out", JoinedDims(context, axis), context.In("X").dtype);
  if (axis == 0)
    JoinLods(context);
  else
    context.ShareLod("X", "Out");
}

void Concat(const CpuContext&, const ConcatAttrs& attrs, Span<const Tensor> x, const Tensor* axis, Tensor& out) {
  JoinPieces(x, KernelAxis(axis, attrs.axis, out.rank()), out);
}

void InferGrad(const ConcatAttrs& attrs, InferContext& context) {
  const TensorMeta& dout = context.In("Out@GRAD");
  Require(context.Count("X") > 0, "X names no tensor; expected one or more");
  context.CheckRank("X", 1, kMaxRank);
  const auto axis = InferAxis(context, attrs.axis, context.In("X").rank());
  const Dims dims = JoinedDims(context, axis);
  Require(DimsAgree(dims, dout.dims), "Out@GRAD has shape ", dout.dims, ", but Out has ", dims);
  Require(context.OutCount("X@GRAD") == context.Count("X"), "X@GRAD names ", context.OutCount("X@GRAD"),
          " variables, but X ", context.Count("X"));
  Require(dout.dtype == context.In("X").dtype, "Out@GRAD is ", dout.dtype, ", but X is ", context.In("X").dtype);
  for (int i = 0; i < context.Count("X"); ++i) context.CopyMeta("X", "X@GRAD", i);
}

void ConcatGrad(const CpuContext&, const ConcatAttrs& attrs, const Tensor* axis_tensor, const Tensor& dout,
                Span<const Tensor> x, Span<Tensor> dx) {
  const int axis = KernelAxis(axis_tensor, attrs.axis, dout.rank());
  CutPieces(dout, axis, dx, [&](size_t i) { return x[i]->dims().Product(axis, x[i]->rank()); });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ConcatAttrs>(
        {.name = "concat",
         .doc = "Out = the tensors of X side by side along an axis.",
         .inputs = {{"X", "Tensors of the same sizes but for the axis.", kRepeated}, kAxisTensorSlot},
         .outputs = {{"Out",
                      "The joined tensor. Along axis 0 it has the sequences of all inputs one "
                      "after another where all have a LoD, along others the LoD of the first."}},
         .infer = Infer}),
    RegisterKernel("concat", Concat),
    RegisterOp<ConcatAttrs>({.name = "concat_grad",
                             .doc = "X@GRAD[i] = the part of Out@GRAD that X[i] became.",
                             .inputs = {kAxisTensorSlot,
                                        {"Out@GRAD", "Gradient of Out."},
                                        {"X", "Inputs of the op.", kMetaOnly | kRepeated}},
                             .outputs = {{"X@GRAD", "Gradients of X.", kRepeated | kOptional}},
                             .infer = InferGrad}),
    RegisterKernel("concat_grad", ConcatGrad),
};

}  // namespace
}  // namespace paddle
