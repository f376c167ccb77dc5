#pragma once
// Loops of block 0 over the steps of sequences, and what is around them.

#include <optional>
#include <string>
#include <vector>

#include "paddle/pass/uses.h"
#include "paddle/program/program.h"

namespace paddle::recurrent_cell {

// A recurrence as the ops around it and its block describe it. A gradient's name is empty where nothing wants it, or
// nothing has it.
struct Loop {
  struct Input {
    std::string sequences;  // the variable of block 0
    std::string step;       // its step in the body
    std::string grad;       // where the gradient of `sequences` is to go
  };
  struct State {
    std::string init;                // the variable of block 0: a row for each sequence, the longest first
    std::optional<double> constant;  // what `init` is filled with; it is not read then
    std::string before, after;       // in the body
    std::string grad;                // where the gradient of `init` is to go
  };
  struct Output {
    std::string step;   // in the body
    std::string whole;  // the variable of block 0
    std::string grad;   // where the gradient of `whole` is
  };
  struct Parameter {
    std::string name;  // of block 0, read in the body
    std::string grad;  // where its gradient is to go
  };

  size_t op = 0;                       // the loop's number among the ops of block 0
  std::optional<size_t> grad_op;       // that of its gradient
  int body = 0;                        // its block
  std::string table;                   // the rank table; empty: each sequence has `steps` steps, time comes first
  int64_t steps = 0;                   // then; -1: known when it runs
  std::vector<const OpDesc*> compute;  // the ops of the body that compute the step, in order
  std::vector<Input> inputs;
  std::vector<State> states;
  std::vector<Output> outputs;
  std::vector<Parameter> parameters;
  std::vector<size_t> replaced;  // ops of block 0 whose results an op in the loop's place makes
};

// The loop of the op number `at` of block 0. Throws InvalidArgument that says why it is none whose op, and gradient op,
// can be replaced.
Loop ReadDynamicLoop(const ProgramDesc& program, const Uses& uses, size_t at);
Loop ReadStaticLoop(const ProgramDesc& program, const Uses& uses, size_t at);

}  // namespace paddle::recurrent_cell
