// sequence_reshape: rows of another width from the elements of each sequence.
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct ReshapeAttrs {
  int32_t new_dim = 0;

  static auto Fields() {
    return std::tuple{Field{"new_dim", &ReshapeAttrs::new_dim, "The new width, 1 at least.", Presence::kRequired}};
  }
};

void CheckInputs(const ReshapeAttrs& attrs, const InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CheckRank("X", 2, 2);
  Require(attrs.new_dim >= 1, "new_dim is ", attrs.new_dim, "; expected 1 at least");
}

// The offsets of Out's sequences.
std::vector<int64_t> NewOffsets(const Lod& lod, int64_t width, int64_t new_width) {
  std::vector<int64_t> offsets;
  for (const int64_t offset : lod.last()) {
    Require(offset * width % new_width == 0, "sequence ", offsets.size() - 1, " of X has ",
            offset - lod.last()[std::max<size_t>(offsets.size(), 1) - 1], " rows of ", width,
            " elements, which do not fill rows of new_dim ", new_width);
    offsets.push_back(offset * width / new_width);
  }
  return offsets;
}

void Infer(const ReshapeAttrs& attrs, InferContext& context) {
  CheckInputs(attrs, context);
  const TensorMeta x = context.In("X");
  if (context.building()) {
    context.SetOut("Out", {-1, attrs.new_dim}, x.dtype);
    context.SetLodLevel("Out", x.lod_level);
    return;
  }
  auto offsets = NewOffsets(RequireLod(context, "X"), x.dims[1], attrs.new_dim);
  context.SetOut("Out", {offsets.back(), attrs.new_dim}, x.dtype);
  context.SetLod("Out", WithLastLevel(x.lod, std::move(offsets)));
}

void InferGrad(const ReshapeAttrs& attrs, InferContext& context) {
  CheckInputs(attrs, context);
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckRank("Out@GRAD", 2, 2);
  const Dims &x = context.In("X").dims, &d_out = context.In("Out@GRAD").dims;
  Require(SizesAgree(d_out[1], attrs.new_dim) && SizesAgree(d_out.numel(), x.numel()), "Out@GRAD has shape ", d_out,
          "; expected as many elements as X ", x, " has, in rows of ", attrs.new_dim);
  context.CopyMeta("X", "X@GRAD");
}

void Run(const CpuContext&, const ReshapeAttrs&, const Tensor& x, Tensor& out) { CopyBytes(x, &out); }
void RunGrad(const CpuContext&, const ReshapeAttrs&, const Tensor& d_out, const Tensor&, Tensor* dx) {
  if (dx) CopyBytes(d_out, dx);
}

const Registered kOp = RegisterOp<ReshapeAttrs>({
    .name = "sequence_reshape",
    .doc = "Rows of another width from the elements of each sequence, whose number of rows changes.",
    .inputs = {{"X", "LoDTensor [rows, width]; new_dim divides the elements of each sequence."}},
    .outputs = {{"Out", "[rows * width / new_dim, new_dim], with as many sequences as X has."}},
    .infer = Infer,
    .may_share = {{"Out", "X"}},
});
const Registered kCpu = RegisterKernel("sequence_reshape", Run);

const Registered kGradOp = RegisterOp<ReshapeAttrs>({
    .name = "sequence_reshape_grad",
    .doc = "Gradient of sequence_reshape: Out@GRAD in X's shape.",
    .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("sequence_reshape_grad", RunGrad);

}  // namespace
}  // namespace paddle
