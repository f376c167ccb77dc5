#include "paddle/math/strided.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct RollAttrs {
  std::vector<int64_t> shifts, dims;
  static auto Fields() {
    using A = RollAttrs;
    return std::tuple{
        Field{"shifts", &A::shifts, "By how many places elements move; what leaves at the end comes in at the front."},
        Field{"dims", &A::dims,
              "The axis for each of them; negative ones count from the last. Shifts of one axis add "
              "up."}};
  }
};

void Check(const RollAttrs& attrs, int rank) {
  Require(attrs.shifts.size() == attrs.dims.size(), "shifts has ", attrs.shifts.size(), " values, but dims ",
          attrs.dims.size(), "; expected as many");
  for (const int64_t axis : attrs.dims) NormalizeAxis(axis, rank, "dims:");
}

void Infer(const RollAttrs& attrs, InferContext& context) {
  Check(attrs, context.In("X").rank());
  context.CopyMeta("X", "Out");
}

void InferGrad(const RollAttrs& attrs, InferContext& context) {
  Check(attrs, context.In("X").rank());
  context.CheckSameDims("X", "Out@GRAD");
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

// Copies each of the boxes that the shifts cut the tensor into: two an axis, before and behind the wrap.
void Roll(const RollAttrs& attrs, const Tensor& x, Tensor& out, bool back) {
  const int rank = x.rank();
  if (x.numel() == 0) return;
  int64_t shift[kMaxRank] = {};
  for (size_t i = 0; i < attrs.dims.size(); ++i) {
    const int axis = NormalizeAxis(attrs.dims[i], rank);
    const int64_t by = attrs.shifts[i] % x.dim(axis);
    shift[axis] = (shift[axis] + (back ? -by : by) + 2 * x.dim(axis)) % x.dim(axis);
  }
  const auto strides = math::RowMajorStrides(x.dims());
  const size_t size = SizeOf(x.dtype());
  for (unsigned wrapped = 0; wrapped < (1U << rank); ++wrapped) {
    math::StridedAxes axes;
    int64_t from = 0, to = 0;
    for (int i = 0; i < rank; ++i) {
      const bool wraps = (wrapped >> i) & 1;
      axes.Append({wraps ? shift[i] : x.dim(i) - shift[i], strides[i], strides[i]});
      from += wraps ? strides[i] * (x.dim(i) - shift[i]) : 0;
      to += wraps ? 0 : strides[i] * shift[i];
    }
    math::CopyStrided(axes, size, x.raw() + from * size, out.mutable_raw() + to * size);
  }
}

void Kernel(const CpuContext&, const RollAttrs& attrs, const Tensor& x, Tensor& out) { Roll(attrs, x, out, false); }
void GradKernel(const CpuContext&, const RollAttrs& attrs, const Tensor& dout, const Tensor&, Tensor& dx) {
  Roll(attrs, dout, dx, true);
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<RollAttrs>({.name = "roll",
                           .doc = "Out = X with the elements moved along axes, round the end.",
                           .inputs = {{"X", "Tensor of rank 1 or more."}},
                           .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                           .infer = Infer}),
    RegisterKernel("roll", Kernel),
    RegisterOp<RollAttrs>({.name = "roll_grad",
                           .doc = "X@GRAD = Out@GRAD moved back.",
                           .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op.", kMetaOnly}},
                           .outputs = {{"X@GRAD", "Gradient of X."}},
                           .infer = InferGrad}),
    RegisterKernel("roll_grad", GradKernel),
};

}  // namespace
}  // namespace paddle
