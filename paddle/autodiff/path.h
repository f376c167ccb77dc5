#pragma once
// Which ops of a block gradients flow through, and which values are still there for them.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// One flag an op: whether it lies between `inputs` (empty: anything) and `targets`, where nothing flows through
// `no_grad`. A name that is written more than once means its value at that point.
std::vector<bool> FindPath(const BlockDesc& block, const std::vector<std::string>& targets,
                           const std::vector<std::string>& inputs, const std::set<std::string>& no_grad);

// Whether after `op` nothing is left of what its output `name` held before, unless the op itself read it.
bool Overwrites(const OpDesc& op, const std::string& name, const BlockDesc& block);

// Knows which op wrote a name last, seen from the end of a block.
class Writers {
 public:
  // `target`: where the gradient ops go. If that is another block, they see variables around the block as a run of the
  // block found them, or left them where it writes before it reads.
  Writers(const BlockDesc& block, const BlockDesc& target);

  // Throws InvalidArgument naming both ops' lines if `grad`, which belongs to the op at `at`, reads a value of that op
  // that a later op has written over. Ops of the optimizer do not count: programs with several losses update parameters
  // in between.
  void Check(size_t at, const OpDesc& grad, const std::set<std::string>& gradients);
  // The same for `again`, a repetition of the op at `at`.
  void CheckAgain(size_t at, const OpDesc& again) const;
  // When the whole block is differentiated: throws like Check where it turned out that gradient ops see another value.
  void Finish() const;
  // Whether there may be a value of `name` in front of the op at `at`.
  bool WrittenBefore(const std::string& name, size_t at) const;
  // A gradient op restores `name` to what it was in front of the op at `at`.
  void Restore(const std::string& name, size_t at) { restored_[name] = at; }

 private:
  const OpDesc* WriterFrom(const std::string& name, size_t begin, bool flat) const;
  const OpDesc* WriterOfOuter(const std::string& name, size_t at) const;
  [[noreturn]] void Throw(const char* who, const OpDesc& op, const std::string& name, const OpDesc& writer) const;

  // A gradient op, of the op at `at`, that reads a variable around the block. Gradient blocks that restore the variable
  // see it as it is by then; others as the run found it. `writer` is in the way in the one case or in the other.
  struct Reading {
    size_t at;
    std::string name;
    const OpDesc* writer;
    bool if_restored;
  };

  const BlockDesc& block_;
  std::vector<Reading> readings_;
  std::map<std::string, std::vector<size_t>> writers_;
  std::map<std::string, size_t> restored_;
  std::set<std::string> found_;  // around the block, and read before they are written
};

}  // namespace paddle
