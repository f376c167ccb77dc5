#include <algorithm>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {
namespace {

constexpr int kMaxNesting = 32;
constexpr int64_t kMaxRepeats = 64;

// Depth of a block under block 0, by its parents; throws when they form a cycle or go too deep.
void CheckParents(const ProgramDesc& program) {
  for (int i = 0; i < program.size(); ++i) {
    int depth = 0;
    for (int block = i; block > 0; block = program.block(block).parent_index())
      Require(++depth <= kMaxNesting, "block ", i, " is nested deeper than ", kMaxNesting,
              ", or its parents form a cycle");
    const int forward = program.block(i).forward_block();
    Require(forward < program.size(), "block ", i, " names the forward block ", forward, ", but the program has ",
            program.size(), " blocks");
  }
}

// Blocks by the ops' attributes that name them. Each block is looked at once, however many ops name it.
class BlockVisitor {
 public:
  explicit BlockVisitor(const ProgramDesc& program) : program_(program), states_(program.size()) {
    for (int i = 0; i < program.size(); ++i) all_ops_ += static_cast<int64_t>(program.block(i).ops().size());
    for (int i = 0; i < program.size(); ++i) Visit(i, 0);
  }

 private:
  struct State {
    bool entered = false, done = false;
    int height = 0;   // levels of blocks in it
    int64_t ops = 0;  // its ops and those of the blocks in it, counted as often as they are named
  };

  const State& Visit(int index, int depth) {
    State& state = states_[index];
    if (state.done) return state;
    Require(!state.entered, "block ", index, " contains itself, by its ops' block attributes");
    Require(depth <= kMaxNesting, "blocks are nested deeper than ", kMaxNesting);
    state.entered = true;
    const auto& ops = program_.block(index).ops();
    state.ops = static_cast<int64_t>(ops.size());
    for (const auto& op : ops) {
      for (const int sub : op->Blocks()) {
        Require(sub >= 0 && sub < program_.size(), "op '", op->type(), "' in block ", index, " names block ", sub,
                ", but the program has ", program_.size());
        const State& inner = Visit(sub, depth + 1);
        state.height = std::max(state.height, inner.height + 1);
        state.ops += inner.ops;
        Require(state.height <= kMaxNesting, "blocks are nested deeper than ", kMaxNesting);
        // What walks through nested blocks would take exponential time.
        Require(state.ops / kMaxRepeats <= all_ops_, "block ", index, " and the blocks in it have ", state.ops,
                " ops, counted as often as they are named, but the program has ", all_ops_, " in all; at most ",
                kMaxRepeats, " times as many are taken");
      }
    }
    state.done = true;
    return state;
  }

  const ProgramDesc& program_;
  std::vector<State> states_;
  int64_t all_ops_ = 0;
};

// The gradient ops of loops, and those in their blocks, name gradients that 1.8.5 does not declare: it takes them for
// zero.
bool MayBeMissing(const BlockDesc& block, const OpDesc& op, const std::string& input) {
  return input.ends_with(kGradSuffix) && (block.forward_block() > 0 || !op.Blocks().empty());
}

void CheckNames(const BlockDesc& block) {
  for (const auto& op : block.ops()) {
    const auto check = [&](const std::vector<OpDesc::Slot>& slots, const char* what, bool input) {
      for (const auto& slot : slots)
        for (const auto& name : slot.args) {
          if (name == kEmptyName || block.FindVarRecursive(name) || (input && MayBeMissing(block, *op, name))) continue;
          const std::string line = op->UserLine();
          throw InvalidArgument(StrCat("op '", op->type(), "' in block ", block.index(), " names '", name, "' as ",
                                       what, " ", slot.name, ", but no block has a variable of that name",
                                       line.empty() ? "" : "\n  at ", line));
        }
    };
    check(op->inputs(), "input", true);
    check(op->outputs(), "output", false);
  }
}

}  // namespace

void VerifyNesting(const ProgramDesc& program) {
  CheckParents(program);
  BlockVisitor visitor(program);
}

void Verify(const ProgramDesc& program) {
  VerifyNesting(program);
  for (int i = 0; i < program.size(); ++i) CheckNames(program.block(i));
}

}  // namespace paddle
