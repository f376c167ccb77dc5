// sequence_erase: sequences of ids without some of them.
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct EraseAttrs {
  std::vector<int32_t> tokens;

  static auto Fields() {
    return std::tuple{Field{"tokens", &EraseAttrs::tokens, "The ids to be left out.", Presence::kRequired}};
  }
};

void Infer(const EraseAttrs&, InferContext& context) {
  CheckColumnOfIds(context);
  const TensorMeta& x = context.In("X");
  const int level = x.lod_level;
  context.SetOut("Out", {-1, 1}, x.dtype);
  if (context.building()) context.SetLodLevel("Out", level);
}

template <class Id>
void Erase(const CpuContext& cpu, const EraseAttrs& attrs, const Tensor& x, Tensor& out) {
  std::vector<Id> erased(attrs.tokens.begin(), attrs.tokens.end());
  std::sort(erased.begin(), erased.end());
  const Id* ids = x.data<Id>();
  const auto from = x.lod().last();
  std::vector<Id> kept;
  kept.reserve(x.dim(0));
  std::vector<int64_t> offsets{0};
  offsets.reserve(from.size());
  for (size_t s = 0; s + 1 < from.size(); ++s) {
    for (int64_t row = from[s]; row < from[s + 1]; ++row)
      if (!std::binary_search(erased.begin(), erased.end(), ids[row])) kept.push_back(ids[row]);
    offsets.push_back(static_cast<int64_t>(kept.size()));
  }
  const Lod lod = WithLastLevel(x.lod(), std::move(offsets));
  out.Allocate({static_cast<int64_t>(kept.size()), 1}, x.dtype(), cpu.allocator());
  out.set_lod(lod);
  std::copy(kept.begin(), kept.end(), out.mutable_data<Id>());
}

void Run(const CpuContext& cpu, const EraseAttrs& attrs, const Tensor& x, Tensor& out) {
  VisitIndex(x.dtype(), [&]<class Id>() { Erase<Id>(cpu, attrs, x, out); });
}

const Registered kOp = RegisterOp<EraseAttrs>({
    .name = "sequence_erase",
    .doc = "The sequences of X without the ids in `tokens`.",
    .inputs = {{"X", "LoDTensor [rows, 1] of int32 or int64 ids.", kNoGradient}},
    .outputs = {{"Out", "[rows left, 1], as many sequences as X has, grouped by its outer levels.", kDynamic}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("sequence_erase", Run);

}  // namespace
}  // namespace paddle
