#include "paddle/math/cast.h"

#include "paddle/ops/creation/creation.h"

namespace paddle {
namespace {

struct CastAttrs {
  int32_t out_dtype = 5;
  int32_t in_dtype = 5;
  static auto Fields() {
    return std::tuple{Field{"out_dtype", &CastAttrs::out_dtype, "Element type of Out, by its number in Fluid's files.",
                            Presence::kRequired},
                      Field{"in_dtype", &CastAttrs::in_dtype, "Element type of X; that of the tensor itself counts.",
                            Presence::kRequired}};
  }
};

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
