#pragma once
#include <memory>
#include <string>

#include "paddle/tensor/scope.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {

// A scope with what keeps its parents alive.
struct ScopeHandle {
  std::shared_ptr<Scope> scope;
  std::shared_ptr<const ScopeHandle> parent;
};

// A variable, the scope that made it, and its name there. Both stay alive as long as the handle.
struct VariableHandle {
  ScopeHandle owner;
  std::shared_ptr<Variable> variable;
  std::string name;

  // What the variable holds, when it is a T, or nothing yet: then it holds a T from now on.
  template <class T>
  T& Hold() const {
    if (!variable->holds<T>() && !variable->initialized()) return Become<T>();
    return variable->get<T>();
  }
  // The variable holds a T from now on. Throws InvalidArgument while a run could be reading what it held.
  template <class T>
  T& Become() const {
    if (!variable->holds<T>()) {
      Require(!owner.scope->in_use(), "a run over the scope is going on in another thread; variable '", name,
              "' can become something else between runs only");
      variable->Become<T>();
      owner.scope->MarkChanged();
    }
    return variable->get<T>();
  }
};

}  // namespace paddle::bindings
