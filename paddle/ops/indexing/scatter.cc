#include "paddle/ops/indexing/indices.h"

namespace paddle {
namespace {

struct ScatterAttrs {
  bool overwrite = true;
  static auto Fields() {
    return std::tuple{Field{"overwrite", &ScatterAttrs::overwrite,
                            "What becomes of a row that Ids names several times: true keeps the last update, false "
                            "takes the sum of them."}};
  }
};

// `whole`: the slot that has X's shape.
void CheckUpdates(const InferContext& context, std::string_view whole) {
  context.CheckDType("Ids", kIndices);
  context.CheckRank("Ids", 1, 1);
  context.CheckRank(whole, 1, kMaxRank);
  Dims dims = context.In(whole).dims;
  dims[0] = context.In("Ids").dims[0];
  Require(DimsAgree(dims, context.In("Updates").dims), "Updates has shape ", context.In("Updates").dims, "; expected ",
          dims, ", a row for each of Ids");
  context.CheckDType(whole, kNumbers);
  context.CheckSameDType(whole, "Updates");
}

void Infer(const ScatterAttrs&, InferContext& context) {
  CheckUpdates(context, "X");
  const TensorMeta x = context.In("X");
  context.SetOut("Out", x.dims, x.dtype);
}

void InferGrad(const ScatterAttrs&, InferContext& context) {
  CheckUpdates(context, "Out@GRAD");
  context.CopyMeta("Out@GRAD", "X@GRAD");
  context.CopyMeta("Updates", "Updates@GRAD");
}

void CopyIfOther(const Tensor& from, Tensor& to) {
  if (to.raw() != from.raw() && from.bytes()) std::memcpy(to.mutable_raw(), from.raw(), from.bytes());
}

void ZeroRows(std::span<const int64_t> rows, Tensor& tensor) {
  if (tensor.bytes() == 0) return;
  const size_t bytes = tensor.bytes() / tensor.dim(0);
  for (const int64_t row : rows) std::memset(tensor.mutable_raw() + row * bytes, 0, bytes);
}

void Scatter(const CpuContext&, const ScatterAttrs& attrs, const Tensor& x, const Tensor& ids, const Tensor& updates,
             Tensor& out) {
  const auto rows = CheckedIndices(ids, "Ids", x.dim(0), "X", 0);
  const auto shape = SlicesAlong(x.dims(), 0);
  CopyIfOther(x, out);
  if (attrs.overwrite) return math::PutSlices(shape, SizeOf(out.dtype()), updates.raw(), rows, out.mutable_raw());
  ZeroRows(rows, out);
  AddSlices(shape, updates, rows, out);
}

// Updates that a later one replaced have no influence.
void ZeroReplaced(std::span<const int64_t> rows, int64_t height, Tensor& dupdates) {
  std::vector<int64_t> last(height, -1), replaced;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (last[rows[i]] >= 0) replaced.push_back(last[rows[i]]);
    last[rows[i]] = static_cast<int64_t>(i);
  }
  ZeroRows(replaced, dupdates);
}

void ScatterGrad(const CpuContext&, const ScatterAttrs& attrs, const Tensor& ids, const Tensor& dout, const Tensor&,
                 Tensor* dupdates, Tensor* dx) {
  const auto rows = CheckedIndices(ids, "Ids", dout.dim(0), "X", 0);
  if (dupdates) {
    math::TakeSlices(SlicesAlong(dout.dims(), 0), SizeOf(dout.dtype()), dout.raw(), rows, dupdates->mutable_raw());
    if (attrs.overwrite) ZeroReplaced(rows, dout.dim(0), *dupdates);
  }
  if (dx) {
    CopyIfOther(dout, *dx);
    ZeroRows(rows, *dx);
  }
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ScatterAttrs>({.name = "scatter",
                              .doc = "Out = X with the rows that Ids names replaced by those of Updates.",
                              .inputs = {{"X", "Tensor of rank 1 or more."},
                                         {"Ids", "Row numbers, int32 or int64 [n].", kNoGradient},
                                         {"Updates", "[n, X's sizes behind the first]."}},
                              .outputs = {{"Out", "Tensor of X's shape; no LoD."}},
                              .infer = Infer,
                              .may_share = {{"Out", "X"}}}),
    RegisterKernel("scatter", Scatter),
    RegisterOp<ScatterAttrs>(
        {.name = "scatter_grad",
         .doc = "X@GRAD = Out@GRAD with 0 in the rows that were replaced; Updates@GRAD = the rows "
                "of Out@GRAD that the updates became, 0 for those replaced by later ones.",
         .inputs = {{"Ids", "Input of the op.", kNoGradient},
                    {"Out@GRAD", "Gradient of Out."},
                    {"Updates", "Input of the op.", kMetaOnly}},
         .outputs = {{"Updates@GRAD", "Gradient of Updates.", kOptional}, {"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferGrad,
         .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("scatter_grad", ScatterGrad),
};

}  // namespace
}  // namespace paddle
