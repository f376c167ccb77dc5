#pragma once
// What ops that only change a tensor's shape have in common.

#include <cstring>

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
  if (xshape) spec.infer = [](const Attrs&, InferContext& context) { InferFromXShape(context); };
  return spec;
}

}  // namespace paddle
