#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

struct ReshapeAttrs {
  std::vector<int32_t> shape;
  static auto Fields() {
    return std::tuple{Field{
        "shape", &ReshapeAttrs::shape,
        "Sizes of Out; 0 takes X's size of that axis, one -1 is computed from the rest. The inputs go before it."}};
  }
};

// The sizes asked for; -2 where an input will tell them.
std::vector<int64_t> Wanted(const ReshapeAttrs& attrs, const InferContext& context) {
  if (const int count = context.Count("ShapeTensor"); count > 0) {
    std::vector<int64_t> sizes;
    for (int i = 0; i < count; ++i) {
      Require(SizesAgree(context.In("ShapeTensor", i).numel(), 1), "ShapeTensor[", i, "] has shape ",
              context.In("ShapeTensor", i).dims, "; expected one integer");
      const auto values = context.Values("ShapeTensor", i);
      const int64_t known = i < static_cast<int>(attrs.shape.size()) && attrs.shape[i] > 0 ? attrs.shape[i] : -2;
      sizes.push_back(values ? values->at(0) : known);
    }
    return sizes;
  }
  if (context.Has("Shape")) {
    context.CheckDType("Shape", kIndices);
    if (auto values = context.Values("Shape")) return *values;
    context.CheckRank("Shape", 1, 1);
    if (!attrs.shape.empty()) return std::vector<int64_t>(attrs.shape.size(), -2);
    const int64_t rank = context.In("Shape").dims[0];
    Require(rank >= 0, "the length of Shape must be known while the program is built");
    return std::vector<int64_t>(rank, -2);
  }
  Require(!attrs.shape.empty(),
          "the new shape is empty; give at least one size in `shape`, or the input Shape or ShapeTensor");
  return {attrs.shape.begin(), attrs.shape.end()};
}

Dims NewDims(const std::vector<int64_t>& wanted, const Dims& x) {
  Dims dims;
  int computed = -1;
  bool unknown = false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    int64_t size = wanted[i];
    Require(size >= -2, "the new size of axis ", i, " is ", size, "; expected -1, 0 or more, in ", wanted);
    if (size == 0) {
      Require(static_cast<int>(i) < x.rank(), "the new size of axis ", i,
              " is 0, which takes X's size, but X has shape ", x);
      size = x[static_cast<int>(i)];
      unknown |= size < 0;
    } else if (size == -1) {
      Require(computed < 0, "more than one new size is -1, in ", wanted);
      computed = static_cast<int>(i);
      size = 1;
    } else if (size == -2) {
      size = -1;
      unknown = true;
    }
    dims.Append(size);
  }
  const int64_t numel = x.numel();
  if (unknown || numel < 0) {
    if (computed >= 0) dims[computed] = -1;
    return dims;
  }
  const int64_t product = dims.numel();
  if (computed >= 0) {
    Require(product > 0 ? numel % product == 0 : numel == 0, "X has shape ", x, " of ", numel,
            " elements, which cannot be reshaped to ", wanted);
    dims[computed] = product > 0 ? numel / product : 0;
  } else {
    Require(product == numel, "X has shape ", x, " of ", numel, " elements, but the new shape ", dims, " has ",
            product);
  }
  return dims;
}

void Infer(const ReshapeAttrs& attrs, InferContext& context) {
  InferReshaped(context, NewDims(Wanted(attrs, context), context.In("X").dims));
}

void Infer2(const ReshapeAttrs& attrs, InferContext& context) {
  InferXShape(context);
  Infer(attrs, context);
}

void Kernel(const CpuContext&, const ReshapeAttrs&, const Tensor& x, const Tensor*, Span<const Tensor>, Tensor& out) {
  CopyBytes(x, out);
}
void Kernel2(const CpuContext&, const ReshapeAttrs&, const Tensor& x, const Tensor*, Span<const Tensor>, Tensor& out,
             Tensor*) {
  CopyBytes(x, out);
}

// The old form reads and lists all of the op's slots; the shape inputs are integers and get no gradient.
void InferOldGrad(const ReshapeAttrs&, InferContext& context) {
  InferFromX(context);
  if (context.HasOut("Shape@GRAD")) context.CopyMeta("Shape", "Shape@GRAD");
  for (int i = 0; i < context.OutCount("ShapeTensor@GRAD"); ++i) context.CopyMeta("ShapeTensor", "ShapeTensor@GRAD", i);
}

void OldGrad(const CpuContext&, const ReshapeAttrs&, const Tensor*, const Tensor& dout, const Tensor*,
             Span<const Tensor>, const Tensor&, Tensor* dshape, Span<Tensor> dshapes, Tensor* dx) {
  const auto zero = [](Tensor* tensor) {
    if (tensor) std::memset(tensor->mutable_raw(), 0, tensor->bytes());
  };
  zero(dshape);
  for (Tensor* tensor : dshapes) zero(tensor);
  if (dx) CopyBytes(dout, *dx);
}

void DoubleGrad(const ReshapeAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("reshape2_grad_grad", attrs);
  op.SetInput("DDX", context.OutGrad("X@GRAD"));
  op.SetInput("DOut", context.In("Out@GRAD"));
  op.SetOutput("DDOut", context.InGrad("Out@GRAD"));
}

void InferDoubleGrad(const ReshapeAttrs&, InferContext& context) {
  Require(SizesAgree(context.In("DDX").numel(), context.In("DOut").numel()), "DDX has shape ", context.In("DDX").dims,
          ", but DOut has shape ", context.In("DOut").dims);
  context.CopyMeta("DOut", "DDOut");
}

OpSpec<ReshapeAttrs> Reshape2Grad() {
  auto spec = ShapeGradSpec<ReshapeAttrs>("reshape2_grad", true);
  spec.grad = DoubleGrad;
  return spec;
}

constexpr std::string_view kDoc =
    "Out = the elements of X, in their order, in a new shape. A LoD stays where the number of rows does.";
const SlotSpec kX{"X", "Tensor of any shape."}, kOut{"Out", "The same elements in the new shape."};
const SlotSpec kShape{"Shape", "The new shape as one tensor of int32 or int64.", kOptional | kValue | kNoGradient};
const SlotSpec kShapeTensor{"ShapeTensor", "The new shape as one tensor of one integer an axis; it goes before Shape.",
                            kRepeated | kOptional | kValue | kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ReshapeAttrs>({.name = "reshape2",
                              .doc = kDoc,
                              .inputs = {kX, kShape, kShapeTensor},
                              .outputs = {kOut, kXShapeSlot},
                              .infer = Infer2,
                              .may_share = {{"Out", "X"}},
                              .traits = kReshapes}),
    RegisterKernel("reshape2", Kernel2),
    RegisterOp(Reshape2Grad()),
    RegisterKernel("reshape2_grad", CopyGradX<ReshapeAttrs>),
    RegisterOp<ReshapeAttrs>({.name = "reshape2_grad_grad",
                              .doc = "The gradient of reshape2_grad: DDOut = DDX in Out's shape.",
                              .inputs = {{"DDX", "Gradient of X@GRAD."}, {"DOut", "Gradient of Out.", kMetaOnly}},
                              .outputs = {{"DDOut", "Gradient of Out@GRAD.", kOptional}},
                              .infer = InferDoubleGrad,
                              .may_share = {{"DDOut", "DDX"}}}),
    RegisterKernel("reshape2_grad_grad", CopyGradX<ReshapeAttrs>),
    RegisterOp<ReshapeAttrs>({.name = "reshape",
                              .doc = kDoc,
                              .inputs = {kX, kShape, kShapeTensor},
                              .outputs = {kOut},
                              .infer = Infer,
                              .may_share = {{"Out", "X"}},
                              .traits = kReshapes}),
    RegisterKernel("reshape", Kernel),
    RegisterOp<ReshapeAttrs>({.name = "reshape_grad",
                              .doc = "X@GRAD = Out@GRAD in X's shape.",
                              .inputs = {{"Out", "Output of the op.", kMetaOnly | kOptional},
                                         {"Out@GRAD", "Gradient of Out."},
                                         {"Shape", "Input of the op.", kMetaOnly | kOptional},
                                         {"ShapeTensor", "Input of the op.", kMetaOnly | kRepeated | kOptional},
                                         {"X", "Input of the op.", kMetaOnly}},
                              .outputs = {{"Shape@GRAD", "Zeros.", kOptional},
                                          {"ShapeTensor@GRAD", "Zeros.", kRepeated | kOptional},
                                          {"X@GRAD", "Gradient of X.", kOptional}},
                              .infer = InferOldGrad,
                              .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("reshape_grad", OldGrad),
};

}  // namespace
}  // namespace paddle
