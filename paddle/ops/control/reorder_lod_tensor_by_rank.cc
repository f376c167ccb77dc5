// reorder_lod_tensor_by_rank: rows or sequences in the order of a rank table.
#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"
#include "paddle/ops/control/lod_pieces.h"
#include "paddle/tensor/rank_table.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  CheckRankTable(context);
  context.CheckRank("X", 1, kMaxRank);
  const TensorMeta x = context.In("X");
  context.SetOut("Out", x.dims, x.dtype);
  if (context.building()) context.SetLodLevel("Out", x.lod_level);
}

// Unit order[k] of x becomes unit k of out.
void Reorder(const CpuContext& cpu, const RankTable& table, const std::vector<int64_t>& order, const Tensor& x,
             Tensor* out) {
  const int64_t units = CountUnits(x.lod(), x.dim(0));
  Require(units == table.sequences(), "X has ", units, x.lod().empty() ? " rows" : " sequences",
          ", but RankTable was made of ", table.sequences(), " sequences; expected as many");
  LodPieces pieces(x.meta(), x.lod());
  for (const int64_t unit : order) pieces.Add(x, x.lod(), unit, unit + 1, "X");
  pieces.CopyTo(cpu.allocator(), {}, out);
}

void Run(const CpuContext& cpu, const NoAttrs&, const Tensor& x, const Opaque& held, Tensor& out) {
  const RankTable& table = RankTableOf(held);
  std::vector<int64_t> order;
  for (const auto& item : table.items) order.push_back(item.index);
  Reorder(cpu, table, order, x, &out);
}

void RunGrad(const CpuContext& cpu, const NoAttrs&, const Tensor& d_out, const Opaque& held, Tensor& dx) {
  const RankTable& table = RankTableOf(held);
  std::vector<int64_t> order(table.items.size());
  for (size_t k = 0; k < order.size(); ++k) order[table.items[k].index] = static_cast<int64_t>(k);
  Reorder(cpu, table, order, d_out, &dx);
}

void Grad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("reorder_lod_tensor_by_rank_grad");
  op.SetInput("RankTable", context.In("RankTable"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

// The old order is undone by the new one.
void GradOfGrad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("reorder_lod_tensor_by_rank");
  op.SetInput("RankTable", context.In("RankTable"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

constexpr SlotSpec kTable{"RankTable", "The table, of lod_rank_table.", kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "reorder_lod_tensor_by_rank",
         .doc = "Out = the sequences of X, or its rows where it has no LoD, in the order of a rank table. For initial "
                "states and contexts of recurrent networks that work on sequences in that order.",
         .inputs = {{"X", "[rows, ...], of as many sequences of its first LoD level, or rows, as the table."}, kTable},
         .outputs = {{"Out", "Of X's shape; its LoD in the new order.", kDynamic}},
         .infer = Infer,
         .grad = Grad}),
    RegisterKernel("reorder_lod_tensor_by_rank", Run),
    RegisterOp<NoAttrs>({.name = "reorder_lod_tensor_by_rank_grad",
                         .doc = "Gradient of reorder_lod_tensor_by_rank: the sequences or rows in their old order.",
                         .inputs = {{"X", "Gradient of the forward op's Out."}, kTable},
                         .outputs = {{"Out", "Gradient of the forward op's X.", kDynamic}},
                         .infer = Infer,
                         .grad = GradOfGrad}),
    RegisterKernel("reorder_lod_tensor_by_rank_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
