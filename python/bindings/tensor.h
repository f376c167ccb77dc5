#pragma once
// Python's references to what variables hold. They own the variable together with its scope, so none is ever stale: one
// to a variable that was erased still has its content; one to content that is not there any more (a shorter array)
// raises.

#include <memory>

#include "paddle/tensor/scope.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {

using ScopePtr = std::shared_ptr<const Scope>;

// A run reads the memory of its scope's variables without a lock: throws InvalidArgument while one is going on.
inline void CheckFree(const ScopePtr& scope) {
  Require(!scope || !scope->in_use(),
          "a run over the variable's scope is going on in another thread; it can be changed between runs only");
}

// A tensor: the content of a variable, the rows of its SelectedRows, or an item of its array.
class TensorHandle {
 public:
  TensorHandle() : owner_(std::make_shared<Variable>()) {}
  explicit TensorHandle(Tensor tensor) : TensorHandle() { owner_->get<Tensor>() = std::move(tensor); }
  // `scope`: where the variable is, null for one of its own.
  TensorHandle(std::shared_ptr<Variable> owner, ScopePtr scope, int64_t item = kWhole)
      : owner_(std::move(owner)), scope_(std::move(scope)), item_(item) {}

  static constexpr int64_t kWhole = -1, kRows = -2;

  // To be read, and to be written without a change of sizes and memory.
  Tensor& get() const;
  // To be changed in any way. Throws InvalidArgument while a run over the scope is going on in another thread.
  Tensor& Free() const;
  bool in_use() const { return scope_ && scope_->in_use(); }
  // To be called when sizes or element type were changed: SelectedRows describe their rows.
  void Changed() const;

 private:
  Tensor& Here(Tensor& tensor) const;

  std::shared_ptr<Variable> owner_;
  ScopePtr scope_;
  int64_t item_ = kWhole;
};

struct SelectedRowsHandle {
  std::shared_ptr<Variable> owner;
  ScopePtr scope;
  SelectedRows& get() const { return owner->get<SelectedRows>(); }
  SelectedRows& Free() const {
    CheckFree(scope);
    return get();
  }
};

struct TensorArrayHandle {
  std::shared_ptr<Variable> owner;
  ScopePtr scope;
  TensorArray& get() const { return owner->get<TensorArray>(); }
  TensorArray& Free() const {
    CheckFree(scope);
    return get();
  }
};

// Handles with content of their own.
TensorArrayHandle NewTensorArray(std::vector<Tensor> items = {});
// What a fetched variable is in Python: LoDTensor, SelectedRows or LoDTensorArray.
py::object ToPython(Variable&& variable);

// Throws where there is no such place on this machine. Tensors that Python makes lie on the host; the next run moves
// them.
void CheckPlace(const py::object& place);

}  // namespace paddle::bindings
