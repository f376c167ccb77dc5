#pragma once
// Lists of values in a scope that feed and fetch ops use.

#include <memory>
#include <vector>

#include "python/bindings/scope.h"

namespace paddle {
class Executor;
}

namespace paddle::bindings {

using FetchItems = std::vector<Variable>;

// A reference to the list that a variable holds.
struct FetchList {
  std::shared_ptr<FetchItems> items;
};

struct FetchUnmergedList {
  std::vector<FetchItems> variables;
};

// What is fed under a name. Throws InvalidArgument unless it is a LoDTensor.
const Tensor& FedTensor(const py::handle& name, const py::handle& tensor);

// The list that the variable holds; an empty variable becomes one. Throws InvalidArgument when it holds something else.
FetchList FetchListOf(const VariableHandle& variable);

void BindExecutorColumns(py::class_<Executor>& executor);

}  // namespace paddle::bindings
