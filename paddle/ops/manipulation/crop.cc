// A box out of a tensor: crop, whose shape may be that of another tensor, and crop_tensor, whose shape may hold
// tensors.
#include "paddle/ops/manipulation/slice.h"

namespace paddle {
namespace {

struct CropAttrs {
  std::vector<int32_t> offsets, shape;
  static auto Fields() {
    using A = CropAttrs;
    return std::tuple{
        Field{"offsets", &A::offsets, "The first element along each axis; the input Offsets goes before it."},
        Field{"shape", &A::shape, "The size along each axis; -1: all that is left behind the offset."}};
  }
};

constexpr std::string_view kOffsets = "Offsets", kOffsetsList = "OffsetsTensor";

// The box of `shape` at `offsets`, checked against X.
Selection Box(const Dims& x, const std::vector<int64_t>& offsets, const std::vector<int64_t>& shape) {
  const auto rank = static_cast<size_t>(x.rank());
  Require(offsets.size() == rank, "offsets has ", offsets.size(), " values, but X has shape ", x,
          "; expected one an axis");
  Require(shape.size() == rank, "shape has ", shape.size(), " values, but X has shape ", x, "; expected one an axis");
  Selection box;
  box.sizes = x;
  std::fill_n(box.step, kMaxRank, 1);
  for (int i = 0; i < x.rank(); ++i) {
    const int64_t offset = offsets[i], size = shape[i];
    Require(offset >= 0 || offset == kUnknownInteger, "the offset of axis ", i, " is ", offset, "; expected 0 or more");
    Require(size >= -1 || size == kUnknownInteger, "the size of axis ", i, " is ", size, "; expected 0 or more, or -1");
    box.start[i] = std::max<int64_t>(offset, 0);
    if (size == kUnknownInteger || (size == -1 && (offset == kUnknownInteger || x[i] < 0))) {
      box.sizes[i] = -1;
      continue;
    }
    Require(x[i] < 0 || box.start[i] <= x[i], "the offset of axis ", i, " is ", offset, ", but X has shape ", x);
    box.sizes[i] = size == -1 ? x[i] - offset : size;
    Require(x[i] < 0 || box.sizes[i] <= x[i] - box.start[i], "the box from ", offset, " of size ", size, " along axis ",
            i, " ends outside X, of shape ", x);
  }
  return box;
}

std::vector<int64_t> ToInts(const Dims& dims) { return dims.ToVector(); }

Selection InferCropBox(const CropAttrs& attrs, const InferContext& context) {
  context.CheckRank("X", 1, kMaxRank);
  const Dims& x = context.In("X").dims;
  std::vector<int64_t> shape(attrs.shape.begin(), attrs.shape.end());
  if (context.Has("Y")) {
    shape = ToInts(context.In("Y").dims);
    std::replace(shape.begin(), shape.end(), int64_t{-1}, kUnknownInteger);
  }
  return Box(x, InferIntegers(context, kOffsets, {}, attrs.offsets, x.rank()), shape);
}

void InferCrop(const CropAttrs& attrs, InferContext& context) {
  const Selection box = InferCropBox(attrs, context);
  context.SetOut("Out", box.sizes, context.In("X").dtype);
}

Selection InferTensorBox(const CropAttrs& attrs, const InferContext& context) {
  context.CheckRank("X", 1, kMaxRank);
  const Dims& x = context.In("X").dims;
  auto shape = InferIntegers(context, "Shape", "ShapeTensor", attrs.shape, x.rank());
  // What is known of a list with tensors in it stands in the attribute; -1 there means a tensor.
  if (context.building() && context.Count("ShapeTensor") > 0)
    for (size_t i = 0; i < shape.size() && i < attrs.shape.size(); ++i)
      if (attrs.shape[i] >= 0) shape[i] = attrs.shape[i];
  return Box(x, InferIntegers(context, kOffsets, kOffsetsList, attrs.offsets, x.rank()), shape);
}

void InferCropTensor(const CropAttrs& attrs, InferContext& context) {
  const Selection box = InferTensorBox(attrs, context);
  context.SetOut("Out", box.sizes, context.In("X").dtype);
}

void Crop(const CpuContext&, const CropAttrs& attrs, const Tensor& x, const Tensor*, const Tensor* offsets,
          Tensor& out) {
  CopySelected(Box(x.dims(), KernelIntegers(offsets, {}, attrs.offsets), ToInts(out.dims())), x, out);
}

void CropTensor(const CpuContext&, const CropAttrs& attrs, const Tensor& x, const Tensor*, const Tensor* offsets,
                Span<const Tensor>, Span<const Tensor> offsets_list, Tensor& out) {
  CopySelected(Box(x.dims(), KernelIntegers(offsets, offsets_list, attrs.offsets), ToInts(out.dims())), x, out);
}

// Out's shape is Out@GRAD's.
void InferGrad(const CropAttrs& attrs, InferContext& context, std::string_view offsets_list) {
  context.CheckRank("X", 1, kMaxRank);
  const Dims& x = context.In("X").dims;
  auto shape = ToInts(context.In("Out@GRAD").dims);
  std::replace(shape.begin(), shape.end(), int64_t{-1}, kUnknownInteger);
  Box(x, InferIntegers(context, kOffsets, offsets_list, attrs.offsets, x.rank()), shape);
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

void CropGrad(const CpuContext&, const CropAttrs& attrs, const Tensor* offsets, const Tensor& dout, const Tensor& x,
              Tensor& dx) {
  SpreadSelected(Box(x.dims(), KernelIntegers(offsets, {}, attrs.offsets), ToInts(dout.dims())), dout, dx);
}

void CropTensorGrad(const CpuContext&, const CropAttrs& attrs, const Tensor* offsets, Span<const Tensor> offsets_list,
                    const Tensor& dout, const Tensor& x, Tensor& dx) {
  SpreadSelected(Box(x.dims(), KernelIntegers(offsets, offsets_list, attrs.offsets), ToInts(dout.dims())), dout, dx);
}

constexpr std::string_view kDoc = "Out = the box of X of the size `shape` that begins at `offsets`.";
constexpr std::string_view kGradDoc = "X@GRAD = Out@GRAD where the box was, 0 elsewhere.";
const SlotSpec kX{"X", "Tensor of rank 1 or more."}, kOut{"Out", "The box; no LoD."};
const SlotSpec kForward{"X", "Input of the op.", kMetaOnly}, kDOut{"Out@GRAD", "Gradient of Out."};
const SlotSpec kDX{"X@GRAD", "Gradient of X."};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<CropAttrs>(
        {.name = "crop",
         .doc = kDoc,
         .inputs = {kX,
                    {"Y", "Tensor whose shape goes before `shape`.", kOptional | kMetaOnly | kNoGradient},
                    ListSlot(kOffsets)},
         .outputs = {kOut},
         .infer = InferCrop}),
    RegisterKernel("crop", Crop),
    RegisterOp<CropAttrs>({.name = "crop_grad",
                           .doc = kGradDoc,
                           .inputs = {ListSlot(kOffsets), kDOut, kForward},
                           .outputs = {kDX},
                           .infer = [](const CropAttrs& a, InferContext& c) { InferGrad(a, c, {}); }}),
    RegisterKernel("crop_grad", CropGrad),
    RegisterOp<CropAttrs>(
        {.name = "crop_tensor",
         .doc = kDoc,
         .inputs = {kX, ListSlot("Shape"), ListSlot(kOffsets), EachSlot("ShapeTensor"), EachSlot(kOffsetsList)},
         .outputs = {kOut},
         .infer = InferCropTensor}),
    RegisterKernel("crop_tensor", CropTensor),
    RegisterOp<CropAttrs>({.name = "crop_tensor_grad",
                           .doc = kGradDoc,
                           .inputs = {ListSlot(kOffsets), EachSlot(kOffsetsList), kDOut, kForward},
                           .outputs = {kDX},
                           .infer = [](const CropAttrs& a, InferContext& c) { InferGrad(a, c, kOffsetsList); }}),
    RegisterKernel("crop_tensor_grad", CropTensorGrad),
};

}  // namespace
}  // namespace paddle
