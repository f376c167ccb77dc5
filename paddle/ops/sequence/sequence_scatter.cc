// sequence_scatter: numbers added to chosen elements of each row.
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

// One id and one update an element, grouped into as many sequences as `rows`, the tensor in slot `name`, has rows.
void CheckUpdates(const InferContext& context, std::string_view name, const Dims& rows) {
  context.CheckDType("Ids", kIndices);
  context.CheckRank(name, 1, kMaxRank);
  context.CheckRank("Ids", 1, kMaxRank);
  context.CheckSameDims("Ids", "Updates");
  const TensorMeta &ids = context.In("Ids"), &updates = context.In("Updates");
  Require(SizesAgree(RowSize(ids.dims), 1), "Ids has shape ", ids.dims, "; expected one id a row: [ids, 1]");
  if (context.building()) return;
  const Lod& lod = RequireLod(context, "Ids");
  Require(lod.last_sequences() == rows[0], "Ids has ", lod.last_sequences(), " sequences, but ", name, ' ', rows,
          " has ", rows[0], " rows; expected one for each");
  Require(updates.lod.empty() || updates.lod == lod, "Updates has LoD ", updates.lod, ", but Ids has ", lod,
          "; they must be the same");
}

void Infer(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CheckSameDType("X", "Updates");
  CheckUpdates(context, "X", context.In("X").dims);
  context.SetOut("Out", context.In("X").dims, context.In("X").dtype);
}

void InferGrad(const NoAttrs&, InferContext& context) {
  context.CheckDType("Out@GRAD", kNumbers);
  context.CheckSameDType("Updates", "Out@GRAD");
  CheckUpdates(context, "Out@GRAD", context.In("Out@GRAD").dims);
  context.SetOut("X@GRAD", context.In("Out@GRAD").dims, context.In("Out@GRAD").dtype);
  context.CopyMeta("Updates", "Updates@GRAD");
}

// Calls f(i, element) for each id: the one at `i` names an element of the tensor [sequences, ...], whose rows have
// `width` elements.
template <class Id, class F>
void ForIds(const Tensor& ids, int64_t width, F f) {
  const Id* id = ids.data<Id>();
  ForSequences(ids.lod(), 1, [=](int64_t s, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Require(id[i] >= 0 && id[i] < width, "Ids[", i, "] is ", id[i], ", but rows have ", width,
              " elements; expected 0 <= id < ", width);
      f(i, s * width + id[i]);
    }
  });
}

void Run(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& ids, const Tensor& updates, Tensor& out) {
  CopyBytes(x, &out);
  VisitNumber(out.dtype(), [&]<class T>() {
    VisitIndex(ids.dtype(), [&]<class Id>() {
      const T* add = updates.data<T>();
      T* to = out.mutable_data<T>();
      ForIds<Id>(ids, RowSize(out.dims()), [=](int64_t i, int64_t element) { to[element] += add[i]; });
    });
  });
}

void RunGrad(const CpuContext&, const NoAttrs&, const Tensor& ids, const Tensor& d_out, const Tensor&, Tensor* dx,
             Tensor* d_updates) {
  if (d_updates)
    VisitNumber(d_out.dtype(), [&]<class T>() {
      VisitIndex(ids.dtype(), [&]<class Id>() {
        const T* d = d_out.data<T>();
        T* to = d_updates->mutable_data<T>();
        ForIds<Id>(ids, RowSize(d_out.dims()), [=](int64_t i, int64_t element) { to[i] = d[element]; });
      });
    });
  if (dx) CopyBytes(d_out, dx);
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "sequence_scatter",
    .doc =
        "Adds to row i of X the updates of sequence i, at the places that the ids of sequence i name. Updates of one "
        "place add up.",
    .inputs = {{"X", "[rows, ...]."},
               {"Ids",
                "LoDTensor [ids, 1] of int32 or int64, with a sequence for each row of X: numbers of elements of that "
                "row.",
                kNoGradient},
               {"Updates", "Of Ids' shape; with its LoD or none."}},
    .outputs = {{"Out", "Of X's shape, without a LoD."}},
    .infer = Infer,
    .may_share = {{"Out", "X"}},
});
const Registered kCpu = RegisterKernel("sequence_scatter", Run);

const Registered kGradOp = RegisterOp<NoAttrs>({
    .name = "sequence_scatter_grad",
    .doc = "Gradient of sequence_scatter: X@GRAD = Out@GRAD, Updates@GRAD its elements that the ids name.",
    .inputs = {{"Ids", "Of the forward op."},
               {"Out@GRAD", "Gradient of Out."},
               {"Updates", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Updates@GRAD", "Gradient of Updates.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("sequence_scatter_grad", RunGrad);

}  // namespace
}  // namespace paddle
