#include "paddle/ops/arithmetic/cast.h"

#include "paddle/math/cast.h"
#include "paddle/ops/creation/creation.h"

namespace paddle {
namespace {

void Infer(const CastAttrs& attrs, InferContext& context) {
  context.CopyMeta("X", "Out");
  if (TensorMeta* out = context.MutableOut("Out")) out->dtype = DTypeFromAttr(attrs.out_dtype, kAllTypes);
}

void Cast(const CpuContext&, const CastAttrs&, const Tensor& x, Tensor& out) {
  math::CastArray(x.raw(), x.dtype(), out.mutable_raw(), out.dtype(), x.numel());
}

void Grad(const CastAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("cast", CastAttrs{.out_dtype = attrs.in_dtype, .in_dtype = attrs.out_dtype});
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<CastAttrs>(
        {.name = "cast",
         .doc =
             "Out = X converted to another element type: floats to integers by truncation, to bool as not equal to 0.",
         .inputs = {{"X", "Tensor of any shape and type."}},
         .outputs = {{"Out", "Tensor of X's shape and LoD."}},
         .infer = Infer,
         .grad = Grad,
         .may_share = {{"Out", "X"}}}),
    RegisterKernel("cast", Cast),
};

}  // namespace
}  // namespace paddle
