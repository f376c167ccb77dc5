// A constant around a tensor: pad by numbers, pad_constant_like up to the shape of another tensor.
#include "paddle/ops/creation/creation.h"
#include "paddle/ops/manipulation/slice.h"

namespace paddle {
namespace {

struct PadAttrs {
  std::vector<int32_t> paddings;
  float pad_value = 0;
  static auto Fields() {
    using A = PadAttrs;
    return std::tuple{Field{"paddings", &A::paddings, "How much before and after each axis: two numbers an axis.",
                            Presence::kRequired},
                      Field{"pad_value", &A::pad_value, "The constant; for integers its whole part."}};
  }
};

struct PadLikeAttrs {
  float pad_value = 0;
  static auto Fields() {
    return std::tuple{Field{"pad_value", &PadLikeAttrs::pad_value, "The constant; for integers its whole part."}};
  }
};

void CheckPaddings(const PadAttrs& attrs, const Dims& dims, std::string_view slot) {
  Require(static_cast<int>(attrs.paddings.size()) == 2 * dims.rank(), "paddings has ", attrs.paddings.size(),
          " values, but ", slot, " has shape ", dims, "; expected ", 2 * dims.rank(), ", two an axis");
  for (const int32_t padding : attrs.paddings)
    Require(padding >= 0, "paddings ", attrs.paddings, " has a negative value; expected 0 or more");
}

// Where a tensor of `inner` sizes lies in the padded one.
Selection Inside(const PadAttrs* attrs, const Dims& inner) {
  Selection selection;
  selection.sizes = inner;
  std::fill_n(selection.step, kMaxRank, 1);
  for (int i = 0; attrs && i < inner.rank(); ++i) selection.start[i] = attrs->paddings[2 * i];
  return selection;
}

void PadTo(const Selection& inside, const Tensor& x, float value, Tensor& out) {
  Fill(out, FillValue::Of(value));
  if (x.numel() == 0) return;
  int64_t start;
  const auto axes = SelectedAxes(inside, out.dims(), &start);
  math::StridedAxes back;
  for (const auto& axis : axes.span()) back.Append({axis.size, axis.to, axis.from});
  const size_t size = SizeOf(x.dtype());
  math::CopyStrided(back, size, x.raw(), out.mutable_raw() + start * size);
}

void Infer(const PadAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CheckRank("X", 1, kMaxRank);
  Dims dims = context.In("X").dims;
  CheckPaddings(attrs, dims, "X");
  for (int i = 0; i < dims.rank(); ++i)
    if (dims[i] >= 0) dims[i] += int64_t{attrs.paddings[2 * i]} + attrs.paddings[2 * i + 1];
  InferRows(context, dims, attrs.paddings[0] == 0 && attrs.paddings[1] == 0);
}

void InferGrad(const PadAttrs& attrs, InferContext& context) {
  const TensorMeta dout = context.In("Out@GRAD");
  CheckPaddings(attrs, dout.dims, "Out@GRAD");
  Dims dims = dout.dims;
  for (int i = 0; i < dims.rank(); ++i) {
    if (dims[i] < 0) continue;
    dims[i] -= int64_t{attrs.paddings[2 * i]} + attrs.paddings[2 * i + 1];
    Require(dims[i] >= 0, "Out@GRAD has shape ", dout.dims, ", less than the paddings ", attrs.paddings);
  }
  context.SetOut("X@GRAD", dims, dout.dtype);
  if (dims.rank() > 0 && attrs.paddings[0] == 0 && attrs.paddings[1] == 0) context.ShareLod("Out@GRAD", "X@GRAD");
}

void Pad(const CpuContext&, const PadAttrs& attrs, const Tensor& x, Tensor& out) {
  PadTo(Inside(&attrs, x.dims()), x, attrs.pad_value, out);
}
void PadGrad(const CpuContext&, const PadAttrs& attrs, const Tensor& dout, Tensor& dx) {
  CopySelected(Inside(&attrs, dx.dims()), dout, dx);
}

void CheckLike(const InferContext& context, const Dims& larger, std::string_view slot) {
  const Dims& y = context.In("Y").dims;
  bool fits = larger.rank() == y.rank();
  for (int i = 0; fits && i < y.rank(); ++i) fits = larger[i] < 0 || y[i] <= larger[i];
  Require(fits, slot, " has shape ", larger, ", but Y has ", y, "; each size of ", slot, " must be Y's or more");
}

void InferLike(const PadLikeAttrs&, InferContext& context) {
  context.CheckDType("Y", kNumbers);
  context.CheckRank("X", 1, kMaxRank);
  CheckLike(context, context.In("X").dims, "X");
  const Dims dims = context.In("X").dims;
  context.SetOut("Out", dims, context.In("Y").dtype);
  context.ShareLod("X", "Out");
}
void InferLikeGrad(const PadLikeAttrs&, InferContext& context) {
  CheckLike(context, context.In("Out@GRAD").dims, "Out@GRAD");
  context.CheckSameDType("Y", "Out@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}

void PadLike(const CpuContext&, const PadLikeAttrs& attrs, const Tensor&, const Tensor& y, Tensor& out) {
  PadTo(Inside(nullptr, y.dims()), y, attrs.pad_value, out);
}
void PadLikeGrad(const CpuContext&, const PadLikeAttrs&, const Tensor& dout, const Tensor&, Tensor& dy) {
  CopySelected(Inside(nullptr, dy.dims()), dout, dy);
}

const SlotSpec kDOut{"Out@GRAD", "Gradient of Out."};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<PadAttrs>({.name = "pad",
                          .doc = "Out = X with a constant around it.",
                          .inputs = {{"X", "Tensor of rank 1 or more."}},
                          .outputs = {{"Out", "The larger tensor; it has X's LoD where it has as many rows."}},
                          .infer = Infer}),
    RegisterKernel("pad", Pad),
    RegisterOp<PadAttrs>({.name = "pad_grad",
                          .doc = "X@GRAD = the inner part of Out@GRAD.",
                          .inputs = {kDOut},
                          .outputs = {{"X@GRAD", "Gradient of X."}},
                          .infer = InferGrad}),
    RegisterKernel("pad_grad", PadGrad),
    RegisterOp<PadLikeAttrs>({.name = "pad_constant_like",
                              .doc = "Out = Y with a constant behind it along each axis, up to the shape of X.",
                              .inputs = {{"X", "Tensor whose shape Out gets.", kMetaOnly | kNoGradient},
                                         {"Y", "Tensor of X's rank, nowhere larger."}},
                              .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                              .infer = InferLike}),
    RegisterKernel("pad_constant_like", PadLike),
    RegisterOp<PadLikeAttrs>({.name = "pad_constant_like_grad",
                              .doc = "Y@GRAD = the part of Out@GRAD where Y was.",
                              .inputs = {kDOut, {"Y", "Input of the op.", kMetaOnly}},
                              .outputs = {{"Y@GRAD", "Gradient of Y."}},
                              .infer = InferLikeGrad}),
    RegisterKernel("pad_constant_like_grad", PadLikeGrad),
};

}  // namespace
}  // namespace paddle
