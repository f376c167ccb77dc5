#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

struct SqueezeAttrs {
  std::vector<int32_t> axes;
  static auto Fields() {
    return std::tuple{Field{"axes", &SqueezeAttrs::axes,
                            "The axes of size 1 to leave out, negative ones counted from the last; empty: all."}};
  }
};

Dims Squeezed(const SqueezeAttrs& attrs, const Dims& x) {
  bool gone[kMaxRank] = {};
  for (const int32_t given : attrs.axes) {
    const int axis = NormalizeAxis(given, x.rank(), "axes:");
    Require(SizesAgree(x[axis], 1), "axis ", axis, " of X, of shape ", x, ", has size ", x[axis],
            "; only axes of size 1 can be left out");
    gone[axis] = true;
  }
  Dims dims;
  for (int i = 0; i < x.rank(); ++i)
    if (attrs.axes.empty() ? x[i] != 1 : !gone[i]) dims.Append(x[i]);
  return dims;
}

void Infer(const SqueezeAttrs& attrs, InferContext& context) {
  InferReshaped(context, Squeezed(attrs, context.In("X").dims));
}
void Infer2(const SqueezeAttrs& attrs, InferContext& context) {
  InferXShape(context);
  Infer(attrs, context);
}

constexpr std::string_view kDoc = "Out = X without axes of size 1. A LoD stays where the number of rows does.";
const SlotSpec kX{"X", "Tensor of any shape."}, kOut{"Out", "The same elements with fewer axes."};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<SqueezeAttrs>({.name = "squeeze",
                              .doc = kDoc,
                              .inputs = {kX},
                              .outputs = {kOut},
                              .infer = Infer,
                              .may_share = {{"Out", "X"}},
                              .traits = kReshapes}),
    RegisterKernel("squeeze", CopyKernel<SqueezeAttrs>),
    RegisterOp(ShapeGradSpec<SqueezeAttrs>("squeeze_grad", false)),
    RegisterKernel("squeeze_grad", CopyGradX<SqueezeAttrs>),
    RegisterOp<SqueezeAttrs>({.name = "squeeze2",
                              .doc = kDoc,
                              .inputs = {kX},
                              .outputs = {kOut, kXShapeSlot},
                              .infer = Infer2,
                              .may_share = {{"Out", "X"}},
                              .traits = kReshapes}),
    RegisterKernel("squeeze2", CopyKernelXShape<SqueezeAttrs>),
    RegisterOp(ShapeGradSpec<SqueezeAttrs>("squeeze2_grad", true)),
    RegisterKernel("squeeze2_grad", CopyGradX<SqueezeAttrs>),
};

}  // namespace
}  // namespace paddle
