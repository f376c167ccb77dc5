#pragma once
// What a name in a scope holds.

#include <any>
#include <memory>
#include <variant>
#include <vector>

#include "paddle/tensor/tensor.h"

namespace paddle {

// Rows of a large matrix [height, ...]: row rows[i] of it is row i of value. A row may appear more than once; the
// matrix meant is the sum.
struct SelectedRows {
  TensorMeta meta;  // kind kSelectedRows; dims of the whole matrix
  std::vector<int64_t> rows;
  Tensor value;  // [rows.size(), ...]

  SelectedRows() { meta.kind = VarKind::kSelectedRows; }
  int64_t height() const { return meta.dims.rank() ? meta.dims[0] : 0; }
  void set_height(int64_t height) {
    if (meta.dims.rank() == 0) meta.dims.Append(height);
    meta.dims[0] = height;
  }
  // Throws InvalidArgument unless there is a row of the value for each entry of `rows`.
  void CheckRows() const;
  // Makes room for `count` rows of the matrix's row shape and element type.
  void Allocate(int64_t count, Allocator& allocator);
};

// A list of tensors that grows.
struct TensorArray {
  TensorMeta meta;  // kind kTensorArray; dtype and dims of the elements where known
  std::vector<Tensor> items;

  TensorArray() { meta.kind = VarKind::kTensorArray; }
};

// Anything else that a variable may hold: reader queues, step scopes, rank tables.
struct Opaque {
  TensorMeta meta;
  std::any value;

  Opaque() { meta.kind = VarKind::kRaw; }
};

// The address of what a variable holds stays the same as long as its kind does.
class Variable {
 public:
  VarKind kind() const { return meta().kind; }
  const TensorMeta& meta() const;
  TensorMeta& meta();

  template <class T>
  bool holds() const {
    return std::holds_alternative<T>(value_);
  }
  // Throws InvalidArgument when the variable holds something else.
  template <class T>
  T& get() {
    if (T* held = std::get_if<T>(&value_)) return *held;
    ThrowKind();
  }
  template <class T>
  const T& get() const {
    if (const T* held = std::get_if<T>(&value_)) return *held;
    ThrowKind();
  }
  // Holds a T from now on; a T already there stays.
  template <class T>
  T& Become() {
    if (!holds<T>()) value_.template emplace<T>();
    return *std::get_if<T>(&value_);
  }
  void BecomeKind(VarKind kind);
  // Whether there is something to read.
  bool initialized() const;
  // As SelectedRows::CheckRows, where it holds SelectedRows.
  void CheckRows() const {
    if (const auto* rows = std::get_if<SelectedRows>(&value_)) rows->CheckRows();
  }
  // Lets go of the bytes.
  void Release();
  // The object held: Tensor*, SelectedRows*, TensorArray* or Opaque*.
  void* address();

 private:
  [[noreturn]] void ThrowKind() const;

  std::variant<Tensor, SelectedRows, TensorArray, Opaque> value_;
};

}  // namespace paddle
