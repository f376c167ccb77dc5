#pragma once
// Program -> program with gradients, through the registry only. Names and ops are Fluid's.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

struct BackwardOptions {
  int block = 0;
  std::vector<std::string> targets;
  // One a target: the variable that holds its gradient; empty: ones of the loss's shape [1].
  std::vector<std::string> target_grads;
  // Variables that get no gradient, and that none flows through.
  std::set<std::string> no_grad;
  // Variables whose gradients are asked for; empty: all.
  std::vector<std::string> inputs;
  // Called after each op that was appended.
  std::function<void(OpDesc&)> on_op;
};

// Appends to the block the ops that compute gradients of the targets' sum, and their variables. Returns, for each variable that
// got one, the name of its gradient. Throws InvalidArgument for targets that are not there.
std::map<std::string, std::string> AppendBackward(ProgramDesc* program, const BackwardOptions& options);

}  // namespace paddle
