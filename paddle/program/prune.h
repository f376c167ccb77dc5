#pragma once
// Parts of a program as new programs.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

struct PruneRequest {
  std::set<std::string> feeds;                  // given from outside: what makes them is not needed
  std::vector<std::pair<int, int>> target_ops;  // block and op index
  std::vector<std::string> target_vars;         // variables of block 0
};

using BlockOrigins = std::map<int, int>;  // number of a block -> its number in the program that was pruned

// A new program with only the ops of block 0 that the targets need, the blocks that those ops name, and the variables
// that they use. Blocks are numbered anew: `origins`, where not null, tells which they were. A target variable is made
// by the last op that writes it; ops behind a target op do not count. Throws InvalidArgument when a target is not
// there, or nothing makes a target variable that is not fed.
std::shared_ptr<ProgramDesc> Prune(const ProgramDesc& program, const PruneRequest& request,
                                   BlockOrigins* origins = nullptr);

// A new program without ops of the roles Backward, Optimize and LRSched, and without the variables that only those
// used.
std::shared_ptr<ProgramDesc> PruneBackward(const ProgramDesc& program, BlockOrigins* origins = nullptr);

// PruneBackward, with `is_test` true on each op that has it: what Program.clone(for_test=True) gives.
std::shared_ptr<ProgramDesc> InferenceClone(const ProgramDesc& program);

}  // namespace paddle
