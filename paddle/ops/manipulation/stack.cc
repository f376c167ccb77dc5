// Tensors of one shape side by side along an axis of their own: stack, and unstack and unbind, which undo it.
#include <algorithm>

#include "paddle/ops/manipulation/pieces.h"

namespace paddle {
namespace {

struct StackAttrs {
  int32_t axis = 0;
  static auto Fields() {
    return std::tuple{
        Field{"axis", &StackAttrs::axis, "The axis of the whole along which the pieces are; negative: from its last."}};
  }
};

struct UnstackAttrs {
  int32_t axis = 0;
  int32_t num = 0;
  static auto Fields() {
    using A = UnstackAttrs;
    return std::tuple{Field{"axis", &A::axis, "The axis that disappears; negative ones count from the last."},
                      Field{"num", &A::num, "The size of that axis.", Presence::kRequired}};
  }
};

Dims Without(const Dims& dims, int axis) {
  Dims rest;
  for (int i = 0; i < dims.rank(); ++i)
    if (i != axis) rest.Append(dims[i]);
  return rest;
}

// The pieces in `input` put side by side as `output`.
void InferJoined(InferContext& context, std::string_view input, std::string_view output, int32_t attr) {
  const int count = context.Count(input);
  Require(count > 0, input, " names no tensor; expected one or more");
  const TensorMeta first = context.In(input);
  Dims piece = first.dims;
  for (int i = 1; i < count; ++i) {
    const TensorMeta& x = context.In(input, i);
    Require(x.dtype == first.dtype, input, '[', i, "] is ", x.dtype, ", but ", input, "[0] is ", first.dtype,
            "; all must have the same element type");
    Require(DimsAgree(x.dims, piece), input, '[', i, "] has shape ", x.dims, ", but ", input, "[0] has ", first.dims,
            "; all must have the same shape");
    for (int k = 0; k < piece.rank(); ++k) piece[k] = std::max(piece[k], x.dims[k]);
  }
  const int axis = NormalizeAxis(attr, piece.rank() + 1);
  Dims dims;
  for (int i = 0; i <= piece.rank(); ++i) {
    if (i == axis) dims.Append(count);
    if (i < piece.rank()) dims.Append(piece[i]);
  }
  context.SetOut(output, dims, first.dtype);
  if (axis > 0) context.ShareLod(input, output);
}

// The slices of `input` along an axis as `output`, of which there must be as many.
void InferCut(InferContext& context, std::string_view input, std::string_view output, int32_t attr) {
  context.CheckRank(input, 1, kMaxRank);
  const TensorMeta x = context.In(input);
  const int axis = NormalizeAxis(attr, x.rank());
  Require(SizesAgree(x.dims[axis], context.OutCount(output)), input, " has shape ", x.dims, ", so there are ",
          x.dims[axis], " slices along axis ", axis, ", but ", output, " names ", context.OutCount(output),
          " variables");
  for (int i = 0; i < context.OutCount(output); ++i) context.SetOut(output, Without(x.dims, axis), x.dtype, i);
}

template <class Attrs>
void Join(const CpuContext&, const Attrs& attrs, Span<const Tensor> x, Tensor& y) {
  JoinPieces(x, NormalizeAxis(attrs.axis, y.rank()), y);
}

template <class Attrs>
void Cut(const CpuContext&, const Attrs& attrs, const Tensor& x, Span<Tensor> y) {
  const int axis = NormalizeAxis(attrs.axis, x.rank());
  const int64_t width = x.dims().Product(axis + 1, x.rank());
  CutPieces(x, axis, y, [=](size_t) { return width; });
}

void InferUnstack(const UnstackAttrs& attrs, InferContext& context) {
  InferCut(context, "X", "Y", attrs.axis);
  Require(attrs.num == context.OutCount("Y"), "num is ", attrs.num, ", but Y names ", context.OutCount("Y"),
          " variables");
}

void UnbindGrad(const StackAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("stack", attrs);
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Y", context.InGrad("X"));
}

const SlotSpec kPieces{"X", "Tensors of one shape.", kRepeated};
const SlotSpec kWhole{"X", "Tensor of rank 1 or more."};
const SlotSpec kSlices{"Y", "The slices, without the axis.", kRepeated};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<StackAttrs>({.name = "stack",
                            .doc = "Y = the tensors of X side by side along a new axis.",
                            .inputs = {kPieces},
                            .outputs = {{"Y", "Has one axis more; X[0]'s LoD where that axis is not the first."}},
                            .infer = [](const StackAttrs& a, InferContext& c) { InferJoined(c, "X", "Y", a.axis); }}),
    RegisterKernel("stack", Join<StackAttrs>),
    RegisterOp<StackAttrs>(
        {.name = "stack_grad",
         .doc = "X@GRAD[i] = slice i of Y@GRAD along the axis.",
         .inputs = {{"Y@GRAD", "Gradient of Y."}},
         .outputs = {{"X@GRAD", "Gradients of X.", kRepeated | kOptional}},
         .infer = [](const StackAttrs& a, InferContext& c) { InferCut(c, "Y@GRAD", "X@GRAD", a.axis); }}),
    RegisterKernel("stack_grad", Cut<StackAttrs>),
    RegisterOp<UnstackAttrs>({.name = "unstack",
                              .doc = "Y[i] = slice i of X along an axis.",
                              .inputs = {kWhole},
                              .outputs = {kSlices},
                              .infer = InferUnstack}),
    RegisterKernel("unstack", Cut<UnstackAttrs>),
    RegisterOp<UnstackAttrs>(
        {.name = "unstack_grad",
         .doc = "X@GRAD = the gradients of the slices side by side.",
         .inputs = {{"Y@GRAD", "Gradients of Y.", kRepeated}},
         .outputs = {{"X@GRAD", "Gradient of X."}},
         .infer = [](const UnstackAttrs& a, InferContext& c) { InferJoined(c, "Y@GRAD", "X@GRAD", a.axis); }}),
    RegisterKernel("unstack_grad", Join<UnstackAttrs>),
    RegisterOp<StackAttrs>({.name = "unbind",
                            .doc = "Out[i] = slice i of X along an axis.",
                            .inputs = {kWhole},
                            .outputs = {{"Out", "The slices, without the axis.", kRepeated}},
                            .infer = [](const StackAttrs& a, InferContext& c) { InferCut(c, "X", "Out", a.axis); },
                            .grad = UnbindGrad}),
    RegisterKernel("unbind", Cut<StackAttrs>),
};

}  // namespace
}  // namespace paddle
