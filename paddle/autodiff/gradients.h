#pragma once
// The gradients of a block's variables, and the ops that compute them, while both are being written.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// Fluid's names: the gradient of `v` is `v@GRAD`. Where it has several contributions, they are
// `v@GRAD@RENAME@block0@0`, ..., and an op `sum` makes `v@GRAD` of them in front of the first op that reads it, or at
// the end. If `v@GRAD` is there from an earlier call, call n writes `grad/.../v@GRAD` with n times `grad/`.
class Gradients {
 public:
  // From the name that a `grad` rule writes to the variable whose gradient it means.
  using Names = std::map<std::string, std::string>;

  // `block`: where the ops will go; gradients that it has are kept. `number`: part of the contributions' names.
  Gradients(const BlockDesc& block, int number);

  // Whether `variable` has a gradient by now.
  bool Has(const std::string& variable) const;
  // The gradient of `variable` is in `name`, written by others.
  void Give(const std::string& variable, const std::string& name);
  // `op` writes the gradient of a target, under NAME@GRAD or, where that is taken, NAME@GRAD_0, ...
  void Start(const std::string& target, OpDesc op);
  // The name under which the next op reads the gradient; writes `sum` if need be, or `fill_zeros_like` if there is
  // none.
  std::string Read(const std::string& variable);
  // Appends an op whose inputs in `reads` and outputs in `writes` are gradients.
  void Append(OpDesc op, const Names& reads, const Names& writes);
  // The op that made the value of `variable` is differentiated, by the ops from number `since` on: what contributed
  // before them was meant for that value, not for the one that the op overwrote.
  void Forget(const std::string& variable, size_t since);
  // Sums what has several contributions still.
  void Finish();

  // Called for an op in which a gradient gets another name, before its slots do.
  std::function<void(OpDesc* op, const std::string& from, const std::string& to)> on_rename;

  std::vector<OpDesc>& ops() { return ops_; }
  // From variables to their gradients; call Finish first.
  Names Result() const;

 private:
  struct Part {
    std::string name;
    int op;  // that wrote it; -1: none of ours
  };
  struct State {
    std::vector<Part> parts;
    size_t since = 0;  // the plain name means this gradient from this op on
    int renames = 0;
    std::string latest;
  };

  State& Find(const std::string& variable);
  std::string PlainName(const std::string& variable) const;
  std::string NameForTarget(const std::string& target) const;
  void Sum(const std::string& variable, State* state);
  std::string Contribute(const std::string& variable, bool in_place, std::vector<OpDesc::Slot>* outputs);
  void RenameFirst(State* state, const std::string& plain, std::vector<OpDesc::Slot>* outputs);
  void FillZeros(const std::string& variable);

  const BlockDesc& block_;
  std::set<std::string> taken_;  // names of gradients that the block has from before
  int number_;
  std::string prefix_;
  std::vector<OpDesc> ops_;
  std::map<std::string, State> states_;
  std::vector<std::string> order_;  // of the first contributions
};

}  // namespace paddle
