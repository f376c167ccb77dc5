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
  std::vector<std::string> targets = {};
  // One a target: the variable that holds its gradient. Empty: ones, made here: of shape [1] for a loss, of the
  // target's shape if `inputs` are given.
  std::vector<std::string> target_grads = {};
  // Variables that get no gradient, and that none flows through; besides those whose description says stop_gradient.
  std::set<std::string> no_grad = {};
  // Variables whose gradients are asked for; empty: all.
  std::vector<std::string> inputs = {};
  // Variables to keep; what lies between them is computed again for the backward pass.
  std::vector<std::string> checkpoints = {};
  // Called after each op that was appended, the last of its block then; not for those that make the targets' gradients.
  std::function<void(BlockDesc&, OpDesc&)> on_op = {};
};

// Appends to the block the ops that compute gradients of the targets' sum, and their variables. Returns, for each
// variable that got one, the name of its gradient; a variable that the targets do not depend on is not in it.
//
// Throws InvalidArgument for targets and inputs that are not there, and for an op whose gradient needs a value that was
// written over since; Unimplemented for an op on the way that has no gradient. The program is as before then, as it is
// after an exception of on_op.
std::map<std::string, std::string> AppendBackward(ProgramDesc* program, const BackwardOptions& options);

}  // namespace paddle
