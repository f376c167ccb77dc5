// shrink_rnn_memory: the state of the sequences that go on.
#include <cstring>

#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"
#include "paddle/ops/control/lod_pieces.h"
#include "paddle/tensor/rank_table.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  CheckRankTable(context);
  CheckIndex(context);
  context.CheckRank("X", 1, kMaxRank);
  const TensorMeta x = context.In("X");
  Dims dims = x.dims;
  SetUnknown(context, "Out", dims, x.dtype, x.lod_level);
}

void Run(const CpuContext& cpu, const NoAttrs&, const Tensor& x, const Opaque& held, const Tensor& i, Tensor& out) {
  const RankTable& table = RankTableOf(held);
  const int64_t step = IndexOf(i), active = table.Active(step), units = CountUnits(x.lod(), x.dim(0));
  Require(units >= active && units <= table.sequences(), "X has ", units, x.lod().empty() ? " rows" : " sequences",
          ", but of the ", table.sequences(), " sequences of RankTable ", active, " have a step ", step, "; expected ",
          active, " to ", table.sequences());
  LodPieces pieces(x.meta(), x.lod());
  pieces.Add(x, x.lod(), 0, active, "X");
  pieces.CopyTo(cpu.allocator(), {}, &out);
}

void InferGrad(const NoAttrs&, InferContext& context) {
  const TensorMeta &x = context.In("X"), &d_out = context.In("Out@GRAD");
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckRank("X", 1, kMaxRank);
  const bool same = d_out.rank() == x.rank() && DimsAgree(d_out.dims.Slice(1, x.rank()), x.dims.Slice(1, x.rank()));
  Require(same && (d_out.dims[0] < 0 || x.dims[0] < 0 || d_out.dims[0] <= x.dims[0]), "Out@GRAD has shape ", d_out.dims,
          "; expected at most as many rows as X, ", x.dims);
  context.CopyMeta("X", "X@GRAD");
}

void RunGrad(const CpuContext&, const NoAttrs&, const Tensor& d_out, const Tensor&, Tensor* dx) {
  if (!dx) return;
  const size_t rows = d_out.bytes();
  if (rows) std::memcpy(dx->mutable_raw(), d_out.raw(), rows);
  if (dx->bytes() > rows) std::memset(dx->mutable_raw() + rows, 0, dx->bytes() - rows);
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "shrink_rnn_memory",
         .doc = "Out = the first rows of X, one for each sequence that has a step I: the state of a recurrent network "
                "over sequences in the order of a rank table, without those that ended.",
         .inputs = {{"X", "The state, [sequences, ...]; with a LoD its first sequences are taken instead of rows."},
                    {"RankTable", "The table, of lod_rank_table.", kNoGradient},
                    {"I", "The step, counted from 0: one int32 or int64.", kNoGradient}},
         .outputs = {{"Out", "[sequences with a step I, ...].", kDynamic}},
         .infer = Infer}),
    RegisterKernel("shrink_rnn_memory", Run),
    RegisterOp<NoAttrs>({.name = "shrink_rnn_memory_grad",
                         .doc = "Gradient of shrink_rnn_memory: Out@GRAD, then zeros for the rows that were left out.",
                         .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op.", kMetaOnly}},
                         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                         .infer = InferGrad}),
    RegisterKernel("shrink_rnn_memory_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
