#include "paddle/program/outer_use.h"

namespace paddle {

const OuterUse& OuterUses::Of(int index) {
  if (const auto found = uses_.find(index); found != uses_.end()) return found->second;
  const BlockDesc& block = program_.block(index);
  OuterUse use;
  NameSet written;  // for sure, when the op at hand runs
  const auto outer = [&](const std::string& name) {
    const auto own = block.FindVar(name);
    return name != kEmptyName && (!own || own->persistable());
  };
  const int forward = block.forward_block();
  const auto from_forward = [&](const std::string& name) {
    const auto var = forward < 0 ? nullptr : program_.block(forward).FindVar(name);
    return var && !var->persistable();
  };
  const auto add = [&](const auto& reads, const auto& writes) {
    for (const auto& name : reads)
      if (outer(name) && !written.contains(name)) (from_forward(name) ? use.forward : use.reads).insert(name);
    for (const auto& name : writes)
      if (outer(name)) (from_forward(name) ? use.forward : use.writes).insert(name);
  };
  for (const auto& op : block.ops()) {
    add(read_ ? read_(*op) : op->InputNames(), op->OutputNames());
    for (const int sub : op->Blocks()) {
      const OuterUse inner = Of(*op, sub);
      add(inner.reads, inner.writes);
    }
    if (op->Blocks().empty())  // a block may not run
      for (auto& name : op->OutputNames()) written.insert(std::move(name));
  }
  return uses_.emplace(index, std::move(use)).first->second;
}

OuterUse OuterUses::Of(const OpDesc& op, int block) {
  OuterUse use = Of(block);
  if (given_)
    for (const auto& name : given_(op)) {
      use.reads.erase(name);
      use.writes.erase(name);
    }
  return use;
}

}  // namespace paddle
