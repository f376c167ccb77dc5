#include "paddle/pass/declare_gradients.h"

namespace paddle {

void DeclareGradients(ProgramDesc* program) {
  for (int i = 1; i < program->size(); ++i) {
    BlockDesc& block = program->block(i);
    if (block.forward_block() <= 0) continue;
    for (const auto& op : block.ops())
      for (const auto& name : op->InputNames()) {
        if (!name.ends_with(kGradSuffix) || block.FindVarRecursive(name)) continue;
        const auto forward = block.FindVarRecursive(name.substr(0, name.size() - kGradSuffix.size()));
        VarDesc& gradient = block.Var(name);
        if (forward && forward->HasTensor()) gradient.SetMeta(forward->Meta());
      }
  }
}

}  // namespace paddle
