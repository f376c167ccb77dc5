// split_lod_tensor, merge_lod_tensor, merge_lod_tensor_infer: the rows or sequences for which a condition holds, and
// the others.
#include <algorithm>

#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"
#include "paddle/ops/control/lod_pieces.h"

namespace paddle {
namespace {

struct LevelAttrs {
  int32_t level = 0;
  static auto Fields() {
    return std::tuple{
        Field{"level", &LevelAttrs::level, "The LoD level whose sequences are told apart, where X has a LoD."}};
  }
};

void CheckMask(const LevelAttrs& attrs, const InferContext& context) {
  context.CheckDType("Mask", {DType::kBool});
  context.CheckRank("X", 1, kMaxRank);
  Require(attrs.level >= 0, "level is ", attrs.level, "; expected a LoD level, counted from 0");
}

// What the mask tells apart in X: the sequences of a level, or rows.
Lod UnitsOf(const LevelAttrs& attrs, const Lod& lod) {
  if (lod.empty() && attrs.level == 0) return {};
  Require(attrs.level < lod.levels(), "level is ", attrs.level, ", but X has ", lod.levels(), " LoD levels");
  return lod.From(attrs.level);
}

void CheckCount(const Lod& units, const Tensor& x, const Tensor& mask) {
  const int64_t count = CountUnits(units, x.dim(0));
  Require(mask.numel() == count, "Mask ", mask.dims(), " has ", mask.numel(), " elements, but X has ", count,
          units.empty() ? " rows" : " sequences", "; expected one element each");
}

void InferSplit(const LevelAttrs& attrs, InferContext& context) {
  CheckMask(attrs, context);
  const TensorMeta x = context.In("X");
  Dims dims = x.dims;
  if (dims.rank()) dims[0] = -1;
  for (const char* slot : {"OutTrue", "OutFalse"})
    SetUnknown(context, slot, dims, x.dtype, std::max(0, x.lod_level - attrs.level));
}

void Split(const CpuContext& cpu, const LevelAttrs& attrs, const Tensor& x, const Tensor& mask, Tensor* out_true,
           Tensor* out_false) {
  const Lod units = UnitsOf(attrs, x.lod());
  CheckCount(units, x, mask);
  const bool* holds = mask.data<bool>();
  const auto take = [&](bool side, Tensor* out) {
    if (!out) return;
    LodPieces pieces(x.meta(), units);
    for (int64_t i = 0; i < mask.numel(); ++i)
      if (holds[i] == side) pieces.Add(x, units, i, i + 1, "X");
    pieces.CopyTo(cpu.allocator(), {}, out);
  };
  take(true, out_true);
  take(false, out_false);
}

void SplitGrad(const LevelAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("merge_lod_tensor", attrs);
  op.SetInput("InFalse", context.OutGrad("OutFalse"));
  op.SetInput("InTrue", context.OutGrad("OutTrue"));
  op.SetInput("Mask", context.In("Mask"));
  op.SetInput("X", context.In("X"));
  op.SetOutput("Out", context.InGrad("X"));
}

void InferMerge(const LevelAttrs& attrs, InferContext& context) {
  CheckMask(attrs, context);
  const TensorMeta in = context.In("InTrue");
  if (context.building()) {
    context.CheckSameDType("InTrue", "InFalse");
    context.CheckRank("InTrue", 1, kMaxRank);
  }
  Dims dims = in.dims;
  if (dims.rank()) dims[0] = -1;
  const int above = context.In("X").lod_level ? std::min(attrs.level, context.In("X").lod_level) : 0;
  SetUnknown(context, "Out", dims, in.dtype, above + in.lod_level);
}

// One side of a merge: its units are taken in their order.
class Side {
 public:
  Side(const Tensor& in, const char* name, int64_t wanted) : in_(in), name_(name), wanted_(wanted) {
    if (!needed()) return;
    Require(in.initialized(), name, " holds no value, but Mask takes ", wanted, " of it");
    const int64_t count = in.rank() ? CountUnits(in.lod(), in.dim(0)) : 0;
    Require(count == wanted, name, ' ', in.meta(), " has ", count, in.lod().empty() ? " rows" : " sequences",
            ", but Mask takes ", wanted, " of it");
  }

  const Tensor& in() const { return in_; }
  bool needed() const { return wanted_ > 0; }
  void AddNext(LodPieces* pieces) {
    pieces->Add(in_, in_.lod(), next_, next_ + 1, name_);
    ++next_;
  }

 private:
  const Tensor& in_;
  const char* name_;
  int64_t wanted_, next_ = 0;
};

void Merge(const CpuContext& cpu, const LevelAttrs& attrs, const Tensor& x, const Tensor& mask,
           const Variable& true_side, const Variable& false_side, Tensor& out) {
  // Variables: the block that writes a side may not have run.
  const Tensor &in_true = true_side.get<Tensor>(), &in_false = false_side.get<Tensor>();
  CheckCount(UnitsOf(attrs, x.lod()), x, mask);
  const bool* holds = mask.data<bool>();
  const int64_t trues = std::count(holds, holds + mask.numel(), true);
  Side yes(in_true, "InTrue", trues), no(in_false, "InFalse", mask.numel() - trues);
  const Tensor& like = yes.needed() || (!no.needed() && in_true.initialized()) ? in_true : in_false;
  Require(like.initialized(), "neither InTrue nor InFalse holds a value");
  Require(like.rank() >= 1, "InTrue and InFalse must have rows");
  LodPieces pieces(like.meta(), like.lod());
  for (int64_t i = 0; i < mask.numel(); ++i) (holds[i] ? yes : no).AddNext(&pieces);
  auto above = x.lod().ToOffsets();
  if (static_cast<int>(above.size()) > attrs.level) above.resize(attrs.level);
  pieces.CopyTo(cpu.allocator(), Lod::FromOffsets(std::move(above)), &out);
}

void MergeGrad(const LevelAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("split_lod_tensor", attrs);
  op.SetInput("Mask", context.In("Mask"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("OutFalse", context.InGrad("InFalse"));
  op.SetOutput("OutTrue", context.InGrad("InTrue"));
}

constexpr SlotSpec kMask{"Mask", "bool, one element for each row or sequence of X: [n, 1] or [n].", kNoGradient};

OpSpec<LevelAttrs> MergeSpec(std::string_view name, void (*grad)(const LevelAttrs&, GradContext&)) {
  return {
      .name = name,
      .doc =
          "Undoes split_lod_tensor: the rows or sequences of InTrue and InFalse in the order of Mask. A side of "
          "which Mask takes nothing need not hold a value.",
      .inputs = {{"X", "What was split; only its LoD is read.", kMetaOnly | kNoGradient},
                 kMask,
                 {"InTrue", "As many rows or sequences as Mask has true elements."},
                 {"InFalse", "As many rows or sequences as Mask has false elements."}},
      .outputs = {{"Out", "[rows of both, ...]; the LoD levels of X above `level`, then those of InTrue and InFalse.",
                   kDynamic}},
      .infer = InferMerge,
      .grad = grad};
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<LevelAttrs>(
        {.name = "split_lod_tensor",
         .doc = "Tells the rows of X apart, or the sequences of one LoD level: those for which Mask is true, and the "
                "others.",
         .inputs = {{"X", "[rows, ...], with or without a LoD."}, kMask},
         .outputs = {{"OutTrue", "The rows where Mask is true, with their LoD from `level` on.", kDynamic},
                     {"OutFalse", "The others.", kDynamic}},
         .infer = InferSplit,
         .grad = SplitGrad}),
    RegisterKernel("split_lod_tensor", Split),
    RegisterOp<LevelAttrs>(MergeSpec("merge_lod_tensor", MergeGrad)),
    RegisterKernel("merge_lod_tensor", Merge),
    RegisterOp<LevelAttrs>(MergeSpec("merge_lod_tensor_infer", nullptr)),
    RegisterKernel("merge_lod_tensor_infer", Merge),
};

}  // namespace
}  // namespace paddle
