#include "paddle/program/prune.h"

#include <algorithm>
#include <functional>

#include "paddle/program/outer_use.h"

namespace paddle {
namespace {

struct Use {
  NameSet reads, writes;
};

Use UseOf(const OpDesc& op, OuterUses* outer) {
  Use use;
  for (const auto& name : op.InputNames()) use.reads.insert(name);
  for (const auto& name : op.OutputNames()) use.writes.insert(name);
  for (const int sub : op.Blocks()) {
    const OuterUse& inner = outer->Of(sub);
    use.reads.insert(inner.reads.begin(), inner.reads.end());
    use.writes.insert(inner.writes.begin(), inner.writes.end());
  }
  use.reads.erase(std::string(kEmptyName));
  use.writes.erase(std::string(kEmptyName));
  return use;
}

// Which ops of block 0 the targets need.
std::vector<bool> FindNeeded(const ProgramDesc& program, const PruneRequest& request) {
  const auto& ops = program.block(0).ops();
  std::vector<bool> keep(ops.size(), false);
  NameSet needed(request.target_vars.begin(), request.target_vars.end());
  for (const auto& [block, op] : request.target_ops) {
    Require(block == 0, "a target op must be in block 0, got block ", block);
    Require(op >= 0 && op < static_cast<int>(ops.size()), "block 0 has no op ", op, "; it has ", ops.size());
    keep[op] = true;
  }
  NameSet made;
  OuterUses outer(program);
  for (size_t i = ops.size(); i-- > 0;) {
    const Use use = UseOf(*ops[i], &outer);
    const auto wanted = [&](const std::string& name) { return needed.contains(name) && !request.feeds.contains(name); };
    if (std::any_of(use.writes.begin(), use.writes.end(), wanted)) keep[i] = true;
    if (!keep[i]) continue;
    made.insert(use.writes.begin(), use.writes.end());
    for (const auto& name : use.reads)
      if (!request.feeds.contains(name)) needed.insert(name);
  }
  for (const auto& name : request.target_vars) {
    const auto var = program.block(0).FindVar(name);
    Require(var != nullptr, "the program has no variable '", name, "' to prune for");
    Require(made.contains(name) || request.feeds.contains(name) || var->persistable(),
            "no op of the program makes the target '", name, "'");
  }
  return keep;
}

// A copy of `program` with the ops that `keep(block, op)` says, without blocks and variables that nothing uses any
// more.
class Extractor {
 public:
  Extractor(const ProgramDesc& program, std::function<bool(int, size_t)> keep)
      : from_(program), keep_(std::move(keep)), copy_(program.Clone()) {}

  std::shared_ptr<ProgramDesc> Run(BlockOrigins* origins) {
    Reach();
    for (int i = 0; i < copy_->size(); ++i) {
      BlockDesc& block = copy_->block(i);
      for (size_t k = block.ops().size(); k-- > 0;)
        if (!reached_.contains(i) || !keep_(i, k)) block.RemoveOps(k, k + 1);
    }
    DropVars();
    std::map<int, int> number;
    for (const int index : reached_) number.emplace(index, static_cast<int>(number.size()));
    if (origins)
      for (const auto& [old, now] : number) origins->emplace(now, old);
    return reached_.size() == static_cast<size_t>(copy_->size()) ? copy_ : copy_->SelectBlocks(number);
  }

 private:
  // Block 0, and with each block those that its kept ops name, and its parent.
  void Reach() {
    std::vector<int> next{0};
    while (!next.empty()) {
      const int index = next.back();
      next.pop_back();
      if (!reached_.insert(index).second) continue;
      const auto& ops = from_.block(index).ops();
      for (size_t k = 0; k < ops.size(); ++k)
        if (keep_(index, k))
          for (const int sub : ops[k]->Blocks()) next.push_back(sub);
      if (const int parent = from_.block(index).parent_index(); parent >= 0) next.push_back(parent);
    }
  }

  void DropVars() {
    NameSet used;
    OuterUses outer(*copy_);
    for (const int index : reached_)
      for (const auto& op : copy_->block(index).ops()) {
        const Use use = UseOf(*op, &outer);
        used.insert(use.reads.begin(), use.reads.end());
        used.insert(use.writes.begin(), use.writes.end());
      }
    for (const int index : reached_) {
      const auto vars = copy_->block(index).vars();
      for (const auto& var : vars)
        if (!used.contains(var->name())) copy_->block(index).RemoveVar(var->name());
    }
  }

  const ProgramDesc& from_;
  std::function<bool(int, size_t)> keep_;
  std::shared_ptr<ProgramDesc> copy_;
  std::set<int> reached_;
};

}  // namespace

std::shared_ptr<ProgramDesc> Prune(const ProgramDesc& program, const PruneRequest& request, BlockOrigins* origins) {
  VerifyNesting(program);
  const std::vector<bool> keep = FindNeeded(program, request);
  return Extractor(program, [&](int block, size_t op) { return block != 0 || keep[op]; }).Run(origins);
}

std::shared_ptr<ProgramDesc> PruneBackward(const ProgramDesc& program, BlockOrigins* origins) {
  VerifyNesting(program);
  return Extractor(program,
                   [&](int block, size_t op) {
                     return (program.block(block).ops()[op]->Role() & (kBackward | kOptimize | kLrSched)) == 0;
                   })
      .Run(origins);
}

std::shared_ptr<ProgramDesc> InferenceClone(const ProgramDesc& program) {
  auto clone = PruneBackward(program);
  for (int i = 0; i < clone->size(); ++i)
    for (const auto& op : clone->block(i).ops())
      if (op->FindAttr("is_test")) op->SetAttr("is_test", true);
  return clone;
}

}  // namespace paddle
