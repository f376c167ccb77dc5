#pragma once
// Python's references to what variables hold. They own the variable together with its scope, so none is ever stale: one
// to a variable that was erased still has its content; one to content that is not there any more (a shorter array)
// raises.

#include <memory>

#include "paddle/tensor/variable.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {

// A tensor: the content of a variable, the rows of its SelectedRows, or an item of its array.
class TensorHandle {
 public:
  TensorHandle() : owner_(std::make_shared<Variable>()) {}
  explicit TensorHandle(Tensor tensor) : TensorHandle() { owner_->get<Tensor>() = std::move(tensor); }
  explicit TensorHandle(std::shared_ptr<Variable> owner, int64_t item = kWhole)
      : owner_(std::move(owner)), item_(item) {}

  static constexpr int64_t kWhole = -1, kRows = -2;

  Tensor& get() const;
  // To be called when sizes or element type were changed: SelectedRows describe their rows.
  void Changed() const;

 private:
  Tensor& Here(Tensor& tensor) const;

  std::shared_ptr<Variable> owner_;
  int64_t item_ = kWhole;
};

struct SelectedRowsHandle {
  std::shared_ptr<Variable> owner;
  SelectedRows& get() const { return owner->get<SelectedRows>(); }
};

struct TensorArrayHandle {
  std::shared_ptr<Variable> owner;
  TensorArray& get() const { return owner->get<TensorArray>(); }
};

// Handles with content of their own.
TensorArrayHandle NewTensorArray(std::vector<Tensor> items = {});
// What a fetched variable is in Python: LoDTensor, SelectedRows or LoDTensorArray.
py::object ToPython(Variable&& variable);

// Throws where there is no such place on this machine. Tensors that Python makes lie on the host; the next run moves
// them.
void CheckPlace(const py::object& place);

}  // namespace paddle::bindings
