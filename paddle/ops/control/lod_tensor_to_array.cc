// lod_tensor_to_array and array_to_lod_tensor: sequences cut into steps, and put together again.
#include <algorithm>

#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"
#include "paddle/ops/control/lod_pieces.h"
#include "paddle/tensor/rank_table.h"

namespace paddle {
namespace {

void InferCut(const NoAttrs&, InferContext& context) {
  CheckRankTable(context);
  context.CheckRank("X", 1, kMaxRank);
  TensorMeta like = context.In("X");
  if (like.rank()) like.dims[0] = -1;
  SetArray(context, "Out", like, std::max(0, like.lod_level - 1));
}

// The level of X that the table ranks: the one with the same lengths.
void CheckTable(const RankTable& table, const Lod& lod) {
  const int level = table.lod.levels() - 1;
  Require(lod.levels() > level, "X has ", lod.levels(), " LoD levels, but RankTable was made of level ", level);
  const auto wanted = table.lod.offsets(level), got = lod.offsets(level);
  Require(std::equal(wanted.begin(), wanted.end(), got.begin(), got.end()), "LoD level ", level, " of X is ",
          lod.ToOffsets()[level], ", but RankTable was made of sequences with the offsets ",
          table.lod.ToOffsets()[level], "; expected a table of X, or of a tensor with the same sequences");
}

void Cut(const CpuContext& cpu, const NoAttrs&, const Tensor& x, const Opaque& held, TensorArray& out) {
  const RankTable& table = RankTableOf(held);
  CheckTable(table, x.lod());
  const int level = table.lod.levels() - 1;
  const auto offsets = x.lod().offsets(level);
  const Lod units = x.lod().levels() == level + 1 ? Lod() : x.lod().From(level + 1);
  out.items.resize(table.longest());
  for (int64_t step = 0; step < table.longest(); ++step) {
    LodPieces pieces(x.meta(), units);
    for (int64_t rank = 0; rank < table.Active(step); ++rank) {
      const int64_t at = offsets[table.items[rank].index] + step;
      pieces.Add(x, units, at, at + 1, "X");
    }
    pieces.CopyTo(cpu.allocator(), {}, &out.items[step]);
  }
}

void CutGrad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("array_to_lod_tensor");
  op.SetInput("RankTable", context.In("RankTable"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

void InferJoin(const NoAttrs&, InferContext& context) {
  CheckArray(context, "X");
  CheckRankTable(context);
  const TensorMeta x = context.In("X");
  SetUnknown(context, "Out", x.dims, x.dtype, x.lod_level + 1);
}

const Tensor* FirstWritten(const TensorArray& array) {
  for (const Tensor& item : array.items)
    if (item.initialized()) return &item;
  return nullptr;
}

// An item of gradients that nothing computed is zero.
const Tensor* StepOf(const TensorArray& x, int64_t step, bool gradient) {
  const bool there = step < static_cast<int64_t>(x.items.size()) && x.items[step].initialized();
  return gradient && !there ? nullptr : &ItemOf(x, step, "X");
}

void CheckSteps(const RankTable& table, const TensorArray& x, bool gradient) {
  Require(static_cast<int64_t>(x.items.size()) <= table.longest(), "the array X has ", x.items.size(),
          " items, but the longest sequence of RankTable has ", table.longest(), " steps");
  for (int64_t step = 0; step < table.longest(); ++step) {
    const Tensor* item = StepOf(x, step, gradient);
    if (!item) continue;
    const int64_t units = item->rank() ? CountUnits(item->lod(), item->dim(0)) : 0;
    Require(units == table.Active(step), "item ", step, " of the array X, ", item->meta(), ", has ", units,
            item->lod().empty() ? " rows" : " sequences", ", but ", table.Active(step),
            " sequences of RankTable have a step ", step);
  }
}

void Join(const CpuContext& cpu, const NoAttrs&, const OpDesc& desc, const TensorArray& x, const Opaque& held,
          Tensor& out) {
  const RankTable& table = RankTableOf(held);
  const bool gradient = (desc.Role() & kBackward) != 0;
  CheckSteps(table, x, gradient);
  const Tensor* first = FirstWritten(x);
  TensorMeta like = first ? first->meta() : x.meta;
  Require(like.dims.rank() > 0 && like.dims.Slice(1, like.rank()).known(),
          "the array X is empty, and what its items would be like is not known");
  const Lod units = first ? first->lod() : Lod();
  LodPieces pieces(like, units);
  std::vector<int64_t> rank_of(table.sequences());
  for (int64_t rank = 0; rank < table.sequences(); ++rank) rank_of[table.items[rank].index] = rank;
  for (const int64_t rank : rank_of)
    for (int64_t step = 0; step < table.items[rank].length; ++step) {
      const Tensor* item = StepOf(x, step, gradient);
      Require(item || units.empty(), "item ", step, " of the array X has no gradient, and how many rows it has is not ",
              "known: other items are grouped into sequences; use all items, or none");
      if (item)
        pieces.Add(*item, item->lod(), rank, rank + 1, "the array X", step);
      else
        pieces.AddZeros(1);
    }
  pieces.CopyTo(cpu.allocator(), table.lod, &out);
}

void JoinGrad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("lod_tensor_to_array");
  op.SetInput("RankTable", context.In("RankTable"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "lod_tensor_to_array",
         .doc =
             "Cuts sequences into steps: item t of Out holds element t of each sequence that has one, in the order of "
             "the rank table, so that the first rows go on in item t + 1.",
         .inputs = {{"X", "LoDTensor [rows, ...] with the sequences that the table was made of."},
                    {"RankTable", "The table, of lod_rank_table.", kNoGradient}},
         .outputs =
             {{"Out",
               "Array of as many tensors as the longest sequence has elements. Elements of a level above the last "
               "are sequences; then the items have a LoD."}},
         .infer = InferCut,
         .grad = CutGrad}),
    RegisterKernel("lod_tensor_to_array", Cut),
    RegisterOp<NoAttrs>(
        {.name = "array_to_lod_tensor",
         .doc =
             "Puts the steps of sequences together again: undoes lod_tensor_to_array. As its gradient, items that got "
             "no gradient are zero.",
         .inputs = {{"X", "Array of as many tensors as the longest sequence has elements."},
                    {"RankTable", "The table, of lod_rank_table.", kNoGradient}},
         .outputs = {{"Out", "[rows in all items, ...], with the LoD levels of the table, then those of the items.",
                      kDynamic}},
         .infer = InferJoin,
         .grad = JoinGrad}),
    RegisterKernel("array_to_lod_tensor", Join),
};

}  // namespace
}  // namespace paddle
