#include "paddle/ops/manipulation/integers.h"
#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

struct UnsqueezeAttrs {
  std::vector<int32_t> axes;
  static auto Fields() {
    return std::tuple{Field{"axes", &UnsqueezeAttrs::axes,
                            "Where axes of size 1 are put in, one after the other: each counts in the shape as it is "
                            "once it is in, negative ones from its last. The inputs go before it."}};
  }
};

// How many axes the inputs name.
int CountAxes(const UnsqueezeAttrs& attrs, const InferContext& context) {
  if (const int count = context.Count("AxesTensorList"); count > 0) return count;
  if (!context.Has("AxesTensor")) return static_cast<int>(attrs.axes.size());
  const int64_t count = context.In("AxesTensor").numel();
  Require(count >= 0, "the length of AxesTensor must be known while the program is built");
  Require(count <= kMaxRank, "AxesTensor holds ", count, " axes; a tensor has at most ", kMaxRank);
  return static_cast<int>(count);
}

void Infer(const UnsqueezeAttrs& attrs, InferContext& context) {
  const auto axes = InferIntegers(context, "AxesTensor", "AxesTensorList", attrs.axes, CountAxes(attrs, context));
  Dims dims = context.In("X").dims;
  bool unknown = false;
  for (const int64_t given : axes) {
    dims.Append(1);
    unknown |= given == kUnknownInteger;
    if (unknown) continue;
    const int axis = NormalizeAxis(given, dims.rank());
    for (int i = dims.rank() - 1; i > axis; --i) dims[i] = dims[i - 1];
    dims[axis] = 1;
  }
  for (int i = 0; unknown && i < dims.rank(); ++i) dims[i] = -1;
  InferReshaped(context, dims);
}
void Infer2(const UnsqueezeAttrs& attrs, InferContext& context) {
  InferXShape(context);
  Infer(attrs, context);
}

void Kernel(const CpuContext&, const UnsqueezeAttrs&, const Tensor& x, const Tensor*, Span<const Tensor>, Tensor& out) {
  CopyBytes(x, out);
}
void Kernel2(const CpuContext&, const UnsqueezeAttrs&, const Tensor& x, const Tensor*, Span<const Tensor>, Tensor& out,
             Tensor*) {
  CopyBytes(x, out);
}

constexpr std::string_view kDoc = "Out = X with more axes of size 1. A LoD stays where the number of rows does.";
const SlotSpec kX{"X", "Tensor of any shape."}, kOut{"Out", "The same elements with more axes."};
const SlotSpec kAxesTensor{"AxesTensor", "The axes as one tensor of int32 or int64.", kOptional | kValue | kNoGradient};
const SlotSpec kAxesTensorList{"AxesTensorList", "The axes as tensors of one integer; they go before AxesTensor.",
                               kRepeated | kOptional | kValue | kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<UnsqueezeAttrs>({.name = "unsqueeze",
                                .doc = kDoc,
                                .inputs = {kX, kAxesTensor, kAxesTensorList},
                                .outputs = {kOut},
                                .infer = Infer,
                                .may_share = {{"Out", "X"}},
                                .traits = kReshapes}),
    RegisterKernel("unsqueeze", Kernel),
    RegisterOp(ShapeGradSpec<UnsqueezeAttrs>("unsqueeze_grad", false)),
    RegisterKernel("unsqueeze_grad", CopyGradX<UnsqueezeAttrs>),
    RegisterOp<UnsqueezeAttrs>({.name = "unsqueeze2",
                                .doc = kDoc,
                                .inputs = {kX, kAxesTensor, kAxesTensorList},
                                .outputs = {kOut, kXShapeSlot},
                                .infer = Infer2,
                                .may_share = {{"Out", "X"}},
                                .traits = kReshapes}),
    RegisterKernel("unsqueeze2", Kernel2),
    RegisterOp(ShapeGradSpec<UnsqueezeAttrs>("unsqueeze2_grad", true)),
    RegisterKernel("unsqueeze2_grad", CopyGradX<UnsqueezeAttrs>),
};

}  // namespace
}  // namespace paddle
