// sequence_reverse: each sequence from its last row to its first.
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  context.CheckRank("X", 1, kMaxRank);
  if (!context.building()) RequireLod(context, "X");
  context.CopyMeta("X", "Y");
}

// The reverse again. X itself is not read: the gradient has its LoD.
void Grad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("sequence_reverse");
  op.SetInput("X", context.OutGrad("Y"));
  op.SetOutput("Y", context.InGrad("X"));
}

void Run(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& y) {
  const int64_t bytes = RowBytes(x.meta());
  if (bytes == 0) return;
  const std::byte* from = x.raw();
  std::byte* to = y.mutable_raw();
  ForRows(x.lod(), RowSize(x.dims()), [=](int64_t row, int64_t, int64_t begin, int64_t end) {
    std::memcpy(to + row * bytes, from + (begin + end - 1 - row) * bytes, bytes);
  });
}

const Registered kOp = RegisterOp<NoAttrs>({
    .name = "sequence_reverse",
    .doc = "The rows of each sequence in opposite order.",
    .inputs = {{"X", "LoDTensor [rows, ...]; the last LoD level says which rows form a sequence."}},
    .outputs = {{"Y", "Of X's shape and LoD."}},
    .infer = Infer,
    .grad = Grad,
});
const Registered kCpu = RegisterKernel("sequence_reverse", Run);

}  // namespace
}  // namespace paddle
