#pragma once
// Named variables that outlive a run: parameters, optimizer states, statistics.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "paddle/tensor/variable.h"

namespace paddle {

// A table of variables with a chain of parents. Safe to use from many threads; a Variable's address stays until it is
// erased. Variables and children are counted: who holds one (a Python object) keeps it alive after it was erased or
// dropped.
class Scope {
 public:
  explicit Scope(Scope* parent = nullptr);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // The variable of that name in this scope, made when it is not there.
  Variable& Var(std::string_view name);
  // In this scope or the nearest parent that has it; null when none has.
  Variable* Find(std::string_view name);
  Variable* FindLocal(std::string_view name);
  std::shared_ptr<Variable> ShareLocal(std::string_view name);
  bool Erase(std::string_view name);
  std::vector<std::string> LocalNames() const;

  Scope& NewChild();
  std::shared_ptr<Scope> ShareNewChild();
  void DropChildren();
  void DropChild(const Scope* child);
  Scope* parent() const { return parent_; }
  std::vector<std::shared_ptr<Scope>> Children() const;

  // Held by a run: variables that are erased meanwhile from the scope or its parents stay alive until it ends, and who
  // would move the memory of one asks in_use before (the Python bindings, which hold one from under the GIL).
  class Use {
   public:
    explicit Use(Scope& scope);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Scope& scope_;
  };
  bool in_use() const {
    std::scoped_lock lock(mutex_);
    return uses_ > 0;
  }

  // Moves whenever a variable of this scope or a parent is made, erased or changes its kind: bindings must be looked up
  // again. A new scope has a version that no earlier one had, so a binding is never mistaken for one to a dead scope at
  // the same address.
  uint64_t structure_version() const;
  void MarkChanged();

  // Random numbers of the runs over this scope: the key, drawn at first use, and the number of runs so far.
  // The two are all that a checkpoint needs.
  struct RandomState {
    uint64_t seed = 0;
    uint64_t step = 0;
    bool seeded = false;
  };
  RandomState random_state() const;
  void set_random_state(uint64_t seed, uint64_t step);
  // The state for one more run: draws the key when there is none, counts the step.
  RandomState NextRandomStep();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Variable>, std::less<>> variables_;
  std::vector<std::shared_ptr<Variable>> erased_;  // while in use
  int uses_ = 0;
  std::vector<std::shared_ptr<Scope>> children_;
  Scope* parent_;
  std::atomic<uint64_t> structure_;  // the process-wide number of the last change
  RandomState random_;
};

}  // namespace paddle
