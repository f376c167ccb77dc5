#include "paddle/pass/expand.h"

#include <algorithm>

#include "paddle/op/check.h"
#include "paddle/op/expand.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int kMaxDepth = 32;

bool HasKernel(const OpDef& def, DeviceType device) {
  const auto lock = Registry::Get().ReadKernels();
  if (def.has(kHost)) device = DeviceType::kCpu;
  return std::any_of(def.kernels.begin(), def.kernels.end(),
                     [&](const Kernel& kernel) { return kernel.device == device; });
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

void ExpandOps(BlockDesc* block, DeviceType device) {
  for (size_t at = block->ops().size(); at-- > 0;) {
    try {
      ExpandFrom(block, at, device, 0);
    } catch (const std::exception& error) {
      RethrowWithContext(error, DescribeOp(block->op(static_cast<int>(at)), block));
    }
  }
}

}  // namespace paddle
