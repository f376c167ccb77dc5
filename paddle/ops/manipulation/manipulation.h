#pragma once
// What ops that only change a tensor's shape have in common.

#include <cstring>
#include <optional>

#include "paddle/op/registry.h"

namespace paddle {

// The bytes of x, unless out is the same memory already.
inline void CopyBytes(const Tensor& x, Tensor& out) {
  if (x.bytes() && out.mutable_raw() != x.raw()) std::memcpy(out.mutable_raw(), x.raw(), x.bytes());
}

inline const SlotSpec kXShapeSlot{
    "XShape", "Empty; its shape is [0] and X's, and it has X's LoD: what the gradient op needs of X.",
    kIntermediate | kOptional};
inline const SlotSpec kXShapeInput{"XShape", "The op's output of that name.", kMetaOnly};

// XShape from X.
inline void InferXShape(InferContext& context) {
  if (!context.HasOut("XShape")) return;
  const TensorMeta& x = context.In("X");
  Require(x.rank() < kMaxRank, "X has shape ", x.dims, "; the op takes ranks up to ", kMaxRank - 1);
  Dims dims{0};
  for (const int64_t size : x.dims) dims.Append(size);
  context.SetOut("XShape", dims, x.dtype);
  context.ShareLod("X", "XShape");
}

// X@GRAD from XShape and Out@GRAD's element type.
inline void InferFromXShape(InferContext& context) {
  const TensorMeta& xshape = context.In("XShape");
  Require(xshape.rank() >= 1, "XShape has shape ", xshape.dims, "; expected [0] and X's shape");
  const Dims dims = xshape.dims.Slice(1, xshape.rank());
  const TensorMeta& dout = context.In("Out@GRAD");
  Require(SizesAgree(dims.numel(), dout.numel()), "Out@GRAD has shape ", dout.dims, ", but X has shape ", dims);
  context.SetOut("X@GRAD", dims, dout.dtype);
  context.ShareLod("XShape", "X@GRAD");
}

// X@GRAD from X; Out@GRAD must have as many elements.
inline void InferFromX(InferContext& context) {
  const TensorMeta &x = context.In("X"), &dout = context.In("Out@GRAD");
  Require(SizesAgree(x.numel(), dout.numel()), "Out@GRAD has shape ", dout.dims, ", but X has shape ", x.dims);
  Require(dout.dtype == x.dtype, "Out@GRAD is ", dout.dtype, ", but X is ", x.dtype);
  context.CopyMeta("X", "X@GRAD");
}

// Out of `dims` with X's element type, and with X's LoD if it has X's rows.
inline void InferRows(InferContext& context, const Dims& dims, bool same_rows) {
  const TensorMeta x = context.In("X");
  context.SetOut("Out", dims, x.dtype);
  if (same_rows) context.ShareLod("X", "Out");
}

// Out with X's elements in a new shape; X's LoD stays where the number of rows does.
inline void InferReshaped(InferContext& context, const Dims& dims) {
  const Dims x = context.In("X").dims;
  InferRows(context, dims, dims.rank() > 0 && x.rank() > 0 && dims[0] == x[0]);
}

// An axis that may come as a tensor instead of as the attribute `axis`.
inline const SlotSpec kAxisTensorSlot{"AxisTensor", "The axis as a tensor of one integer; it goes before `axis`.",
                                      kOptional | kValue | kNoGradient};

// None while a program is built whose axis is a tensor.
inline std::optional<int> InferAxis(const InferContext& context, int32_t axis, int rank) {
  if (!context.Has("AxisTensor")) return NormalizeAxis(axis, rank);
  context.CheckDType("AxisTensor", kIndices);
  Require(SizesAgree(context.In("AxisTensor").numel(), 1), "AxisTensor has shape ", context.In("AxisTensor").dims,
          "; expected one integer");
  const auto values = context.Values("AxisTensor");
  if (!values) return std::nullopt;
  return NormalizeAxis(values->at(0), rank, "the axis in AxisTensor");
}
inline int KernelAxis(const Tensor* tensor, int32_t axis, int rank) {
  return NormalizeAxis(tensor ? ToInt64s(*tensor).at(0) : axis, rank);
}

// Kernels of ops X -> Out with and without XShape, and of their gradients.
template <class Attrs>
void CopyKernel(const CpuContext&, const Attrs&, const Tensor& x, Tensor& out) {
  CopyBytes(x, out);
}
template <class Attrs>
void CopyKernelXShape(const CpuContext&, const Attrs&, const Tensor& x, Tensor& out, Tensor*) {
  CopyBytes(x, out);
}
template <class Attrs>
void CopyGradX(const CpuContext&, const Attrs&, const Tensor& dout, const Tensor&, Tensor* dx) {
  if (dx) CopyBytes(dout, *dx);
}

// The gradient of a shape-only op "T" (reads X's shape) or "T2" (reads XShape).
template <class Attrs>
OpSpec<Attrs> ShapeGradSpec(std::string_view name, bool xshape) {
  OpSpec<Attrs> spec{.name = name,
                     .doc = "X@GRAD = Out@GRAD in X's shape.",
                     .inputs = {{"Out@GRAD", "Gradient of Out."},
                                xshape ? kXShapeInput : SlotSpec{"X", "Input of the op.", kMetaOnly}},
                     .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                     .may_share = {{"X@GRAD", "Out@GRAD"}}};
  spec.infer = xshape ? [](const Attrs&, InferContext& context) { InferFromXShape(context); }
                      : [](const Attrs&, InferContext& context) { InferFromX(context); };
  return spec;
}

}  // namespace paddle
