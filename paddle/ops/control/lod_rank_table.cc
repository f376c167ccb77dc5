// lod_rank_table and max_sequence_len: the order in which sequences are worked on step by step.
#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"
#include "paddle/tensor/rank_table.h"

namespace paddle {
namespace {

struct RankTableAttrs {
  int32_t level = 0;
  static auto Fields() {
    return std::tuple{Field{"level", &RankTableAttrs::level, "The LoD level whose sequences are ranked."}};
  }
};

void InferTable(const RankTableAttrs& attrs, InferContext& context) {
  const TensorMeta& x = context.In("X");
  Require(attrs.level >= 0, "level is ", attrs.level, "; expected a LoD level of X, counted from 0");
  Require(context.building() || attrs.level < x.lod.levels(), "X has ", x.lod.levels(), " LoD levels, so level ",
          attrs.level, " cannot be ranked; feed it as a LoDTensor (fluid.create_lod_tensor)");
  if (TensorMeta* out = context.MutableOut("Out")) out->kind = VarKind::kRankTable;
}

void Table(const CpuContext&, const RankTableAttrs& attrs, const Tensor& x, Opaque& out) {
  SetRankTable(RankTable(x.lod(), attrs.level), &out);
}

void InferLongest(const NoAttrs&, InferContext& context) {
  CheckRankTable(context);
  context.SetOut("Out", {1}, DType::kInt64);
}

void Longest(const CpuContext&, const NoAttrs&, const Opaque& table, Tensor& out) {
  out.mutable_data<int64_t>()[0] = RankTableOf(table).longest();
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<RankTableAttrs>(
        {.name = "lod_rank_table",
         .doc = "The sequences of one LoD level of X with their lengths, longest first, ties in their order: the order "
                "in which recurrent networks work on them, so that those still running come first in each step.",
         .inputs = {{"X", "LoDTensor of more than `level` LoD levels; only its LoD is read.", kMetaOnly | kNoGradient}},
         .outputs = {{"Out", "The rank table."}},
         .infer = InferTable,
         .traits = kHost}),
    RegisterKernel("lod_rank_table", Table),
    RegisterOp<NoAttrs>({.name = "max_sequence_len",
                         .doc = "Out = the length of the longest sequence in a rank table; 0 where there is none.",
                         .inputs = {{"RankTable", "The table, of lod_rank_table.", kNoGradient}},
                         .outputs = {{"Out", "int64[1]."}},
                         .infer = InferLongest,
                         .traits = kHost}),
    RegisterKernel("max_sequence_len", Longest),
};

}  // namespace
}  // namespace paddle
