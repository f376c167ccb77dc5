// Slices by their first coordinates: gather_nd reads them, scatter_nd_add adds to them.
#include "paddle/ops/indexing/indices.h"

namespace paddle {
namespace {

// [Index' shape without the last, x' sizes behind the coordinates].
Dims SliceDims(const InferContext& context, const Dims& x) {
  context.CheckDType("Index", kIndices);
  context.CheckRank("Index", 2, kMaxRank);
  const Dims& index = context.In("Index").dims;
  const int64_t depth = index[index.rank() - 1];
  Require(depth >= 0, "the last size of Index, of shape ", index, ", must be known while the program is built");
  Require(depth <= x.rank(), "Index has shape ", index, ", that is ", depth, " coordinates, but X has shape ", x);
  Dims dims = index.Slice(0, index.rank() - 1);
  for (int i = static_cast<int>(depth); i < x.rank(); ++i) dims.Append(x[i]);
  return dims;
}

// The tensor as a row of slices of as many axes less as Index has coordinates.
math::SliceShape ShapeFor(const Dims& x, const Tensor& index) {
  const int depth = static_cast<int>(index.dim(index.rank() - 1));
  return {1, x.Product(0, depth), x.Product(depth, x.rank())};
}

// The numbers of the slices in that row, their coordinates checked.
std::vector<int64_t> SliceNumbers(const Dims& x, const Tensor& index) {
  const auto coordinates = ToInt64s(index);
  const int depth = static_cast<int>(index.dim(index.rank() - 1));
  std::vector<int64_t> numbers(index.dims().Product(0, index.rank() - 1), 0);
  for (size_t i = 0; i < numbers.size(); ++i)
    for (int k = 0; k < depth; ++k) {
      const int64_t at = coordinates[i * depth + k];
      Require(at >= 0 && at < x[k], "coordinate ", k, " of entry ", i, " of Index is ", at, ", but X has shape ", x,
              "; expected 0 <= coordinate < ", x[k]);
      numbers[i] = numbers[i] * x[k] + at;
    }
  return numbers;
}

void Take(const Tensor& x, const Tensor& index, Tensor& out) {
  math::TakeSlices(ShapeFor(x.dims(), index), SizeOf(x.dtype()), x.raw(), SliceNumbers(x.dims(), index),
                   out.mutable_raw());
}

void InferGather(const NoAttrs&, InferContext& context) {
  const Dims dims = SliceDims(context, context.In("X").dims);
  context.SetOut("Out", dims, context.In("X").dtype);
}

void GatherNd(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& index, Tensor& out) {
  Take(x, index, out);
}

void InferGatherGrad(const NoAttrs&, InferContext& context) {
  const Dims dims = SliceDims(context, context.In("X").dims);
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          ", but Out has ", dims);
  context.CheckDType("X", kAddable);
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

void GatherNdGrad(const CpuContext&, const NoAttrs&, const Tensor& index, const Tensor& dout, const Tensor& x,
                  Tensor& dx) {
  FillZero(dx);
  AddSlices(ShapeFor(x.dims(), index), dout, SliceNumbers(x.dims(), index), dx);
}

void CheckUpdates(const InferContext& context, std::string_view like) {
  const Dims dims = SliceDims(context, context.In(like).dims);
  Require(DimsAgree(dims, context.In("Updates").dims), "Updates has shape ", context.In("Updates").dims,
          ", but Index names ", dims);
  context.CheckDType(like, kAddable);
  context.CheckSameDType(like, "Updates");
}

void InferScatter(const NoAttrs&, InferContext& context) {
  CheckUpdates(context, "X");
  context.CopyMeta("X", "Out");
}

void ScatterNdAdd(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& index, const Tensor& updates,
                  Tensor& out) {
  if (out.raw() != x.raw() && x.bytes()) std::memcpy(out.mutable_raw(), x.raw(), x.bytes());
  AddSlices(ShapeFor(x.dims(), index), updates, SliceNumbers(x.dims(), index), out);
}

void InferScatterGrad(const NoAttrs&, InferContext& context) {
  CheckUpdates(context, "Out@GRAD");
  context.CopyMeta("Out@GRAD", "X@GRAD");
  context.CopyMeta("Updates", "Updates@GRAD");
}

void ScatterNdAddGrad(const CpuContext&, const NoAttrs&, const Tensor& index, const Tensor& dout, const Tensor&,
                      Tensor* dupdates, Tensor* dx) {
  if (dupdates) Take(dout, index, *dupdates);
  if (dx && dx->raw() != dout.raw() && dout.bytes()) std::memcpy(dx->mutable_raw(), dout.raw(), dout.bytes());
}

const SlotSpec kIndex{"Index", "int32 or int64 [..., k]: k coordinates for each slice.", kNoGradient};
const SlotSpec kDOut{"Out@GRAD", "Gradient of Out."};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "gather_nd",
                         .doc = "Slices of X by their first coordinates: Out[i] = X[Index[i]].",
                         .inputs = {{"X", "Tensor of rank k or more."}, kIndex},
                         .outputs = {{"Out", "[Index' shape without the last, the other sizes of X]; no LoD."}},
                         .infer = InferGather}),
    RegisterKernel("gather_nd", GatherNd),
    RegisterOp<NoAttrs>({.name = "gather_nd_grad",
                         .doc = "Each slice of X@GRAD = the sum of the slices of Out@GRAD that are copies of it.",
                         .inputs = {kIndex, kDOut, {"X", "Input of the op.", kMetaOnly}},
                         .outputs = {{"X@GRAD", "Gradient of X."}},
                         .infer = InferGatherGrad}),
    RegisterKernel("gather_nd_grad", GatherNdGrad),
    RegisterOp<NoAttrs>({.name = "scatter_nd_add",
                         .doc = "Out = X, plus each slice of Updates at its coordinates.",
                         .inputs = {{"X", "Tensor of rank k or more."},
                                    kIndex,
                                    {"Updates", "[Index' shape without the last, the other sizes of X]."}},
                         .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                         .infer = InferScatter,
                         .may_share = {{"Out", "X"}}}),
    RegisterKernel("scatter_nd_add", ScatterNdAdd),
    RegisterOp<NoAttrs>(
        {.name = "scatter_nd_add_grad",
         .doc = "X@GRAD = Out@GRAD; Updates@GRAD = its slices at the coordinates.",
         .inputs = {kIndex, kDOut, {"Updates", "Input of the op.", kMetaOnly}},
         .outputs = {{"Updates@GRAD", "Gradient of Updates.", kOptional}, {"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferScatterGrad,
         .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("scatter_nd_add_grad", ScatterNdAddGrad),
};

}  // namespace
}  // namespace paddle
