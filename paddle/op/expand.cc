#include "paddle/op/expand.h"

#include "paddle/op/check.h"
#include "paddle/op/registry.h"

namespace paddle {

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
    RethrowWithContext(error,
                       StrCat("\n  while op '", op.type(), "' was written as simpler ops", DescribeOp(op, block)));
  }
  return ops;
}

}  // namespace paddle
