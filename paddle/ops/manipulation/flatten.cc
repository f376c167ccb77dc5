#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

struct FlattenAttrs {
  int32_t axis = 1;
  static auto Fields() {
    return std::tuple{
        Field{"axis", &FlattenAttrs::axis, "The axes before it become the rows; from 0 to the rank of X."}};
  }
};

void Infer(const FlattenAttrs& attrs, InferContext& context) {
  const Dims x = context.In("X").dims;
  Require(attrs.axis >= 0 && attrs.axis <= x.rank(), "axis is ", attrs.axis, ", but X has shape ", x,
          "; expected 0 <= axis <= ", x.rank());
  InferReshaped(context, {x.Product(0, attrs.axis), x.Product(attrs.axis, x.rank())});
}
void Infer2(const FlattenAttrs& attrs, InferContext& context) {
  InferXShape(context);
  Infer(attrs, context);
}

constexpr std::string_view kDoc =
    "Out = X as a matrix: the axes before `axis` are its rows, the others its columns. A LoD stays where the number of "
    "rows does.";
const SlotSpec kX{"X", "Tensor of any shape."}, kOut{"Out", "The same elements as a matrix."};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<FlattenAttrs>({.name = "flatten",
                              .doc = kDoc,
                              .inputs = {kX},
                              .outputs = {kOut},
                              .infer = Infer,
                              .may_share = {{"Out", "X"}},
                              .traits = kReshapes}),
    RegisterKernel("flatten", CopyKernel<FlattenAttrs>),
    RegisterOp(ShapeGradSpec<FlattenAttrs>("flatten_grad", false)),
    RegisterKernel("flatten_grad", CopyGradX<FlattenAttrs>),
    RegisterOp<FlattenAttrs>({.name = "flatten2",
                              .doc = kDoc,
                              .inputs = {kX},
                              .outputs = {kOut, kXShapeSlot},
                              .infer = Infer2,
                              .may_share = {{"Out", "X"}},
                              .traits = kReshapes}),
    RegisterKernel("flatten2", CopyKernelXShape<FlattenAttrs>),
    RegisterOp(ShapeGradSpec<FlattenAttrs>("flatten2_grad", true)),
    RegisterKernel("flatten2_grad", CopyGradX<FlattenAttrs>),
};

}  // namespace
}  // namespace paddle
