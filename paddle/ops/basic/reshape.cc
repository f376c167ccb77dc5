// The same elements under another shape.

#include <cstring>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct ReshapeAttrs {
  std::vector<int32_t> shape;
  static auto Fields() {
    return std::tuple{Field{"shape", &ReshapeAttrs::shape, "The shape wanted; 0 takes X's size at that place, one -1 takes what is left."}};
  }
};

std::vector<int64_t> WantedShape(const ReshapeAttrs& attrs, const InferContext& context) {
  if (context.Count("ShapeTensor") > 0) {
    std::vector<int64_t> shape;
    for (int i = 0; i < context.Count("ShapeTensor"); ++i) {
      const auto values = context.Values("ShapeTensor", i);
      shape.push_back(values ? values->at(0) : -1);
    }
    return shape;
  }
  if (context.Has("Shape"))
    if (const auto values = context.Values("Shape")) return *values;
  return {attrs.shape.begin(), attrs.shape.end()};
}

Dims Resolve(const std::vector<int64_t>& wanted, const Dims& x, bool several_unknown) {
  Dims out;
  int unknown = -1;
  for (size_t i = 0; i < wanted.size(); ++i) {
    int64_t size = wanted[i];
    Require(size >= -1, "the shape ", wanted, " has the size ", size, "; expected a size, 0 or -1");
    if (size == 0) {
      Require(static_cast<int>(i) < x.rank(), "the shape ", wanted, " has a 0 at place ", i, ", but X ", x, " has rank ", x.rank());
      size = x[static_cast<int>(i)];
    } else if (size == -1) {
      Require(unknown < 0 || several_unknown, "the shape ", wanted, " has more than one -1");
      unknown = static_cast<int>(i);
    }
    out.Append(size);
  }
  if (several_unknown) return out;
  const int64_t numel = x.numel();
  if (unknown >= 0) {
    int64_t rest = 1;
    for (int i = 0; i < out.rank(); ++i)
      if (i != unknown) rest = out[i] < 0 || rest < 0 ? -1 : rest * out[i];
    if (numel < 0 || rest < 0) return out;
    Require(rest > 0 ? numel % rest == 0 : numel == 0, "X ", x, " of ", numel, " elements cannot take the shape ", wanted);
    out[unknown] = rest > 0 ? numel / rest : 0;
  }
  Require(SizesAgree(out.numel(), numel), "X ", x, " has ", numel, " elements, but the shape ", wanted, " has ", out.numel());
  return out;
}

void InferShape(const ReshapeAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kAllTypes);
  const auto wanted = WantedShape(attrs, context);
  Require(!wanted.empty(), "reshape needs a shape: the attribute, Shape or ShapeTensor");
  const Dims x = context.In("X").dims;
  const bool later = context.building() && (context.Count("ShapeTensor") > 0 || context.Has("Shape"));
  const Dims out = Resolve(wanted, x, later);
  context.SetOut("Out", out, context.In("X").dtype);
  if (x.rank() && out.rank() && x[0] == out[0]) context.ShareLod("X", "Out");
}

void InferReshape2(const ReshapeAttrs& attrs, InferContext& context) {
  InferShape(attrs, context);
  Dims shape{0};
  for (const int64_t size : context.In("X").dims) shape.Append(size);
  context.SetOut("XShape", shape, context.In("X").dtype);
  context.ShareLod("X", "XShape");
  if (TensorMeta* meta = context.MutableOut("XShape")) meta->lod = {};  // it has no rows itself
}

void CopyBytes(const Tensor& x, Tensor& out) {
  if (x.raw() != out.raw() && x.bytes()) std::memcpy(out.mutable_raw(), x.raw(), x.bytes());
}

void Reshape(const CpuContext&, const ReshapeAttrs&, const Tensor& x, const Tensor*, Span<const Tensor>, Tensor& out) { CopyBytes(x, out); }
void Reshape2(const CpuContext&, const ReshapeAttrs&, const Tensor& x, const Tensor*, Span<const Tensor>, Tensor& out, Tensor*) {
  CopyBytes(x, out);
}

void InferGradByX(const ReshapeAttrs&, InferContext& context) { context.CopyMeta("X", "X@GRAD"); }
void GradByX(const CpuContext&, const ReshapeAttrs&, const Tensor&, const Tensor& d_out, Tensor& dx) { CopyBytes(d_out, dx); }

void InferGradByShape(const ReshapeAttrs&, InferContext& context) {
  const Dims& shape = context.In("XShape").dims;
  Require(shape.rank() >= 1, "XShape must have the rank of X and one more");
  context.SetOut("X@GRAD", shape.Slice(1, shape.rank()), context.In("Out@GRAD").dtype);
}
void GradByShape(const CpuContext&, const ReshapeAttrs&, const Tensor&, const Tensor& d_out, Tensor& dx) { CopyBytes(d_out, dx); }

void GradOfGrad(const ReshapeAttrs& attrs, GradContext& g) {
  OpDesc& op = g.Emit("reshape2_grad_grad", attrs);
  op.SetInput("DOut", g.In("Out@GRAD"));
  op.SetInput("DDX", g.OutGrad("X@GRAD"));
  op.SetOutput("DDOut", g.InGrad("Out@GRAD"));
}
void InferGradGrad(const ReshapeAttrs&, InferContext& context) { context.CopyMeta("DOut", "DDOut"); }
void GradGrad(const CpuContext&, const ReshapeAttrs&, const Tensor&, const Tensor& ddx, Tensor& dd_out) { CopyBytes(ddx, dd_out); }

std::vector<SlotSpec> Inputs() {
  return {{"X", "Tensor of any type."},
          {"Shape", "The shape as a tensor of integers; wins over the attribute.", kOptional | kValue | kNoGradient},
          {"ShapeTensor", "The shape as one tensor of one integer a size; wins over Shape.", kOptional | kRepeated | kValue | kNoGradient}};
}

const Registered kReshape = RegisterOp<ReshapeAttrs>({
    .name = "reshape",
    .doc = "The elements of X, in their order, under another shape.",
    .inputs = Inputs(),
    .outputs = {{"Out", "The tensor; grouped as X where the first size stays."}},
    .infer = InferShape,
    .may_share = {{"Out", "X"}},
});
const Registered kReshapeCpu = RegisterKernel("reshape", Reshape);

const Registered kReshapeGrad = RegisterOp<ReshapeAttrs>({
    .name = "reshape_grad",
    .doc = "Gradient of reshape.",
    .inputs = {{"X", "As given to reshape; its shape is used.", kMetaOnly}, {"Out@GRAD", "Gradient of Out."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGradByX,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kReshapeGradCpu = RegisterKernel("reshape_grad", GradByX);

const Registered kReshape2 = RegisterOp<ReshapeAttrs>({
    .name = "reshape2",
    .doc = "The elements of X, in their order, under another shape.",
    .inputs = Inputs(),
    .outputs = {{"Out", "The tensor; grouped as X where the first size stays."},
                {"XShape", "Carries X's shape behind a 0 to the gradient op.", kIntermediate}},
    .infer = InferReshape2,
    .may_share = {{"Out", "X"}},
});
const Registered kReshape2Cpu = RegisterKernel("reshape2", Reshape2);

const Registered kReshape2Grad = RegisterOp<ReshapeAttrs>({
    .name = "reshape2_grad",
    .doc = "Gradient of reshape2.",
    .inputs = {{"XShape", "From reshape2.", kMetaOnly}, {"Out@GRAD", "Gradient of Out."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGradByShape,
    .grad = GradOfGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kReshape2GradCpu = RegisterKernel("reshape2_grad", GradByShape);

const Registered kReshape2GradGrad = RegisterOp<ReshapeAttrs>({
    .name = "reshape2_grad_grad",
    .doc = "Gradient of reshape2_grad.",
    .inputs = {{"DOut", "As given to reshape2_grad; its shape is used.", kMetaOnly}, {"DDX", "Gradient of X@GRAD."}},
    .outputs = {{"DDOut", "Gradient of Out@GRAD."}},
    .infer = InferGradGrad,
    .may_share = {{"DDOut", "DDX"}},
});
const Registered kReshape2GradGradCpu = RegisterKernel("reshape2_grad_grad", GradGrad);

}  // namespace
}  // namespace paddle
