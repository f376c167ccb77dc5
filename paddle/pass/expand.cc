#include "paddle/pass/expand.h"

#include <algorithm>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int kMaxDepth = 32;

bool HasKernel(const OpDef& def, DeviceType device) {
  if (def.has(kHost)) device = DeviceType::kCpu;
  return std::any_of(def.kernels.begin(), def.kernels.end(), [&](const Kernel& kernel) { return kernel.device == device; });
}

void ExpandFrom(BlockDesc* block, size_t at, DeviceType device, int depth) {
  const OpDesc op = block->op(static_cast<int>(at));
  const OpDef& def = Registry::Get().Find(op.type());
  if (!def.expand || HasKernel(def, device)) return;
  Ensure(depth < kMaxDepth, "the expansion of op '", op.type(), "' does not end");
  auto ops = ExpandOp(op, block);
  block->RemoveOps(at, at + 1);
  for (size_t k = 0; k < ops.size(); ++k) block->InsertOp(at + k, std::move(ops[k]));
  for (size_t k = ops.size(); k-- > 0;) ExpandFrom(block, at + k, device, depth + 1);
}

}  // namespace

std::vector<OpDesc> ExpandOp(const OpDesc& op, BlockDesc* block) {
  const OpDef& def = Registry::Get().Find(op.type());
  std::vector<OpDesc> ops;
  const auto meta = [&](const std::string& name) {
    const auto var = block->FindVarRecursive(name);
    return var ? var->Meta() : TensorMeta{};
  };
  const auto make = [&]() {
    for (int k = 0;; ++k) {
      const std::string name = StrCat(op.type(), "@", k, "@EXPAND");
      if (!block->FindVarRecursive(name)) return block->Var(name).name();
    }
  };
  try {
    ExpandContext context(op, meta, make, &ops);
    def.expand(def.parse(op).get(), context);
    for (auto& made : ops) {
      CompleteOp(&made);
      InferOp(made, *block);
    }
  } catch (const std::exception& error) {
    RethrowWithContext(error, StrCat("\n  while op '", op.type(), "' was written as simpler ops", DescribeOp(op, block)));
  }
  return ops;
}

void ExpandOps(BlockDesc* block, DeviceType device) {
  for (size_t at = block->ops().size(); at-- > 0;) ExpandFrom(block, at, device, 0);
}

}  // namespace paddle
