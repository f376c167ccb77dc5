#include "paddle/program/outer_use.h"

namespace paddle {

const OuterUse& OuterUses::Of(int index) {
  if (const auto found = uses_.find(index); found != uses_.end()) return found->second;
  const BlockDesc& block = program_.block(index);
  OuterUse use;
  const auto add = [&](const auto& names, auto* to) {
    for (const auto& name : names)
      if (name != kEmptyName && !block.FindVar(name)) to->insert(name);
  };
  for (const auto& op : block.ops()) {
    add(op->InputNames(), &use.reads);
    add(op->OutputNames(), &use.writes);
    for (const int sub : op->Blocks()) {
      const OuterUse& inner = Of(sub);
      add(inner.reads, &use.reads);
      add(inner.writes, &use.writes);
    }
  }
  return uses_.emplace(index, std::move(use)).first->second;
}

}  // namespace paddle
