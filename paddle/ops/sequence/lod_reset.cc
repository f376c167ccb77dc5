// lod_reset: the same rows under another LoD.
#include "paddle/ops/sequence/lod_reset.h"

#include <algorithm>

#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

// One level from its offsets; null while they are not known.
std::optional<std::vector<int64_t>> TargetOffsets(const LodResetAttrs& attrs, InferContext& context) {
  if (!context.Has("Y")) {
    Require(!attrs.target_lod.empty(), "the new LoD is missing: give it as the input Y or as the attribute target_lod");
    return std::vector<int64_t>(attrs.target_lod.begin(), attrs.target_lod.end());
  }
  context.CheckDType("Y", kIndices);
  return context.Values("Y");
}

void Infer(const LodResetAttrs& attrs, InferContext& context) {
  const TensorMeta& x = context.In("X");
  context.CheckRank("X", 1, kMaxRank);
  const int own = attrs.append ? x.lod_level : 0;
  if (context.building()) {
    if (!context.Has("Y")) TargetOffsets(attrs, context);
    const int levels = context.Has("Y") ? std::max(1, context.In("Y").lod_level) : 1;
    context.CopyMeta("X", "Out");
    context.SetLodLevel("Out", own + levels);
    return;
  }
  std::vector<std::vector<int64_t>> target = attrs.append ? x.lod.ToOffsets() : std::vector<std::vector<int64_t>>();
  Lod lod;
  if (context.Has("Y") && !context.In("Y").lod.empty()) {
    const Lod& y = context.In("Y").lod;
    lod = y;
    if (!target.empty()) {
      for (auto& level : y.ToOffsets()) target.push_back(std::move(level));
      lod = Lod::FromOffsets(std::move(target));
    }
  } else {
    auto offsets = *TargetOffsets(attrs, context);
    Require(offsets.size() >= 2, "the new LoD level ", offsets,
            " is too short; expected offsets from 0 to the number of rows, ", x.dims[0]);
    target.push_back(std::move(offsets));
    lod = Lod::FromOffsets(std::move(target));
  }
  lod.CheckRows(x.dims[0], "the output");
  context.CopyMeta("X", "Out");
  context.SetLod("Out", lod);
}

void InferGrad(const LodResetAttrs&, InferContext& context) {
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckSameDims("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

void Run(const CpuContext&, const LodResetAttrs&, const Tensor& x, const Tensor*, Tensor& out) { CopyBytes(x, &out); }
void RunGrad(const CpuContext&, const LodResetAttrs&, const Tensor& d_out, const Tensor&, Tensor* dx) {
  if (dx) CopyBytes(d_out, dx);
}

const Registered kOp = RegisterOp<LodResetAttrs>({
    .name = "lod_reset",
    .doc = "The rows of X under another LoD: that of Y, or the one level whose offsets are Y's values or the attribute "
           "target_lod.",
    .inputs = {{"X", "LoDTensor or Tensor [rows, ...]."},
               {"Y",
                "LoDTensor whose LoD is taken, or an int32 or int64 tensor without a LoD that holds the offsets of one "
                "level.",
                kOptional | kValue | kNoGradient}},
    .outputs = {{"Out", "X with the new LoD, which must describe as many rows as X has."}},
    .infer = Infer,
    .may_share = {{"Out", "X"}},
});
const Registered kCpu = RegisterKernel("lod_reset", Run);

const Registered kGradOp = RegisterOp<LodResetAttrs>({
    .name = "lod_reset_grad",
    .doc = "Gradient of lod_reset: Out@GRAD under X's LoD.",
    .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("lod_reset_grad", RunGrad);

}  // namespace
}  // namespace paddle
