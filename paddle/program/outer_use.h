#pragma once
// What blocks use of the variables around them.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

using NameSet = std::set<std::string, std::less<>>;

// Names of no variable of the block's own, which a persistable one never is; never @EMPTY@. What the block writes for
// sure before it reads it is not in `reads`.
struct OuterUse {
  NameSet reads, writes;
  NameSet forward;  // of a gradient block: variables of its forward block's own that it uses; in none of the others
};

// The table of a program's blocks. The program must not change meanwhile, and VerifyNesting must hold for it.
class OuterUses {
 public:
  // `given`: names that mean variables of an op's block, though the block does not declare them; null: none do.
  // `read`: those of its inputs that an op reads; null: all of them.
  explicit OuterUses(const ProgramDesc& program, std::function<NameSet(const OpDesc&)> given = nullptr,
                     std::function<std::vector<std::string>(const OpDesc&)> read = nullptr)
      : program_(program), given_(std::move(given)), read_(std::move(read)) {}

  // What the block and the blocks in it read and write of the variables around it; computed once.
  const OuterUse& Of(int block);
  // The same for the block of an op.
  OuterUse Of(const OpDesc& op, int block);

 private:
  const ProgramDesc& program_;
  std::function<NameSet(const OpDesc&)> given_;
  std::function<std::vector<std::string>(const OpDesc&)> read_;
  std::map<int, OuterUse> uses_;
};

}  // namespace paddle
