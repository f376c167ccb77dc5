#pragma once
// Tensors and NumPy arrays.

#include <pybind11/numpy.h>

#include "paddle/tensor/tensor.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {

// A tensor over the array's own memory where that is dense, aligned and writable, else over a copy. `copy` forces the
// copy. uint16 is taken as the bits of bfloat16. Throws InvalidArgument for element types that tensors do not have.
Tensor FromArray(const py::array& array, bool copy);

// The tensor as an array: a copy, or a writable view that keeps the bytes alive. bfloat16 comes out as uint16.
// Throws InvalidArgument when the tensor holds no value.
py::array ToArray(const Tensor& tensor, bool copy);

// A block over memory of `owner`, which lives as long as the block.
BufferPtr BorrowMemory(py::object owner, std::byte* data, size_t bytes);

}  // namespace paddle::bindings
