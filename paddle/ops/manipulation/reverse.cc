// Elements in opposite order along axes: reverse, and flip, which keeps the LoD.
#include "paddle/math/strided.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct ReverseAttrs {
  std::vector<int32_t> axis;
  static auto Fields() {
    return std::tuple{Field{"axis", &ReverseAttrs::axis, "The axes to reverse; negative ones count from the last.",
                            Presence::kRequired}};
  }
};

struct FlipAttrs {
  std::vector<int32_t> dims;
  static auto Fields() {
    return std::tuple{Field{"dims", &FlipAttrs::dims,
                            "The axes to reverse, each once; negative ones count from the last.", Presence::kRequired}};
  }
};

void Infer(const ReverseAttrs& attrs, InferContext& context) {
  const TensorMeta x = context.In("X");
  Require(!attrs.axis.empty(), "axis is empty; expected one axis at least");
  for (const int32_t axis : attrs.axis) NormalizeAxis(axis, x.rank());
  context.SetOut("Out", x.dims, x.dtype);
}

void InferFlip(const FlipAttrs& attrs, InferContext& context) {
  Require(!attrs.dims.empty(), "dims is empty; expected one axis at least");
  bool seen[kMaxRank] = {};
  for (const int32_t given : attrs.dims) {
    const int axis = NormalizeAxis(given, context.In("X").rank(), "dims:");
    Require(!seen[axis], "dims ", attrs.dims, " names axis ", axis, " twice");
    seen[axis] = true;
  }
  context.CopyMeta("X", "Out");
}

void Reverse(const std::vector<int32_t>& given, const Tensor& x, Tensor& out) {
  bool reversed[kMaxRank] = {};
  for (const int32_t axis : given) reversed[NormalizeAxis(axis, x.rank())] = true;
  if (x.numel() == 0) return;
  const auto strides = math::RowMajorStrides(x.dims());
  math::StridedAxes axes;
  int64_t start = 0;
  for (int i = 0; i < x.rank(); ++i) {
    axes.Append({x.dim(i), reversed[i] ? -strides[i] : strides[i], strides[i]});
    if (reversed[i]) start += strides[i] * (x.dim(i) - 1);
  }
  const size_t size = SizeOf(x.dtype());
  math::CopyStrided(axes, size, x.raw() + start * size, out.mutable_raw());
}

void ReverseKernel(const CpuContext&, const ReverseAttrs& attrs, const Tensor& x, Tensor& out) {
  Reverse(attrs.axis, x, out);
}
void FlipKernel(const CpuContext&, const FlipAttrs& attrs, const Tensor& x, Tensor& out) {
  Reverse(attrs.dims, x, out);
}

// It undoes itself.
template <class Attrs>
void Grad(const Attrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit(context.forward().type(), attrs);
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

constexpr std::string_view kDoc = "Out = X with the elements in opposite order along some axes.";
const SlotSpec kX{"X", "Tensor of rank 1 or more."};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ReverseAttrs>({.name = "reverse",
                              .doc = kDoc,
                              .inputs = {kX},
                              .outputs = {{"Out", "Tensor of X's shape; no LoD."}},
                              .infer = Infer,
                              .grad = Grad}),
    RegisterKernel("reverse", ReverseKernel),
    RegisterOp<FlipAttrs>({.name = "flip",
                           .doc = kDoc,
                           .inputs = {kX},
                           .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                           .infer = InferFlip,
                           .grad = Grad}),
    RegisterKernel("flip", FlipKernel),
};

}  // namespace
}  // namespace paddle
