// Taking a program back to what it was.

#include "paddle/program/program.h"

namespace paddle {

class ProgramDesc::Snapshot {
 public:
  // The parts themselves and what they held.
  struct Block {
    std::vector<std::shared_ptr<OpDesc>> ops;
    std::vector<OpDesc> op_values;
    std::vector<std::shared_ptr<VarDesc>> vars;
    std::vector<VarDesc> var_values;
    std::optional<int> forward_block;
  };
  std::vector<Block> blocks;
};

std::shared_ptr<const ProgramDesc::Snapshot> ProgramDesc::Save() const {
  auto snapshot = std::make_shared<Snapshot>();
  for (const auto& block : blocks_) {
    auto& kept = snapshot->blocks.emplace_back();
    kept.ops = block->ops_;
    for (const auto& op : block->ops_) kept.op_values.push_back(*op);
    kept.vars = block->vars_;
    for (const auto& var : block->vars_) kept.var_values.emplace_back(*var);
    kept.forward_block = block->forward_block_;
  }
  return snapshot;
}

void ProgramDesc::Restore(const Snapshot& snapshot) {
  Ensure(snapshot.blocks.size() <= blocks_.size(), "a block of the snapshot was removed");
  RemoveBlocks(static_cast<int>(snapshot.blocks.size()));
  for (size_t i = 0; i < snapshot.blocks.size(); ++i) {
    const auto& kept = snapshot.blocks[i];
    BlockDesc& block = *blocks_[i];
    block.ops_ = kept.ops;
    for (size_t k = 0; k < kept.ops.size(); ++k) kept.ops[k]->CopyFrom(kept.op_values[k]);
    block.vars_ = kept.vars;
    block.var_index_.clear();
    for (size_t k = 0; k < kept.vars.size(); ++k) {
      kept.vars[k]->CopyFrom(kept.var_values[k]);
      block.var_index_.emplace(kept.vars[k]->name(), kept.vars[k]);
    }
    block.forward_block_ = kept.forward_block;
  }
  ++*edits_;
}

}  // namespace paddle
