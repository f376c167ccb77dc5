#include <algorithm>
#include <set>

#include "paddle/program/program.h"

namespace paddle {
namespace {

constexpr int kMaxNesting = 32;

// Depth of a block under block 0, by its parents; throws when they form a cycle or go too deep.
void CheckParents(const ProgramDesc& program) {
  for (int i = 0; i < program.size(); ++i) {
    int depth = 0;
    for (int block = i; block > 0; block = program.block(block).parent_index())
      Require(++depth <= kMaxNesting, "block ", i, " is nested deeper than ", kMaxNesting,
              ", or its parents form a cycle");
  }
}

class BlockVisitor {
 public:
  explicit BlockVisitor(const ProgramDesc& program) : program_(program) {}

  void Visit(int index) {
    Require(std::find(path_.begin(), path_.end(), index) == path_.end(), "block ", index,
            " contains itself, by its ops' block attributes");
    Require(path_.size() <= kMaxNesting, "blocks are nested deeper than ", kMaxNesting);
    if (!done_.insert(index).second) return;
    path_.push_back(index);
    for (const auto& op : program_.block(index).ops()) {
      for (const int sub : op->Blocks()) {
        Require(sub >= 0 && sub < program_.size(), "op '", op->type(), "' in block ", index, " names block ", sub,
                ", but the program has ", program_.size());
        Visit(sub);
      }
    }
    path_.pop_back();
  }

 private:
  const ProgramDesc& program_;
  std::vector<int> path_;
  std::set<int> done_;
};

void CheckNames(const BlockDesc& block) {
  for (const auto& op : block.ops()) {
    const auto check = [&](const std::vector<OpDesc::Slot>& slots, const char* what) {
      for (const auto& slot : slots)
        for (const auto& name : slot.args) {
          if (name == kEmptyName || block.FindVarRecursive(name)) continue;
          const std::string line = op->UserLine();
          throw InvalidArgument(StrCat("op '", op->type(), "' in block ", block.index(), " names '", name, "' as ",
                                       what, " ", slot.name, ", but no block has a variable of that name",
                                       line.empty() ? "" : "\n  at ", line));
        }
    };
    check(op->inputs(), "input");
    check(op->outputs(), "output");
  }
}

}  // namespace

void Verify(const ProgramDesc& program) {
  CheckParents(program);
  BlockVisitor visitor(program);
  for (int i = 0; i < program.size(); ++i) visitor.Visit(i);
  for (int i = 0; i < program.size(); ++i) CheckNames(program.block(i));
}

}  // namespace paddle
