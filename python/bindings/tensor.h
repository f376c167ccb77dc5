#pragma once
#include <pybind11/numpy.h>

#include "paddle/tensor/variable.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {

// A tensor over the array's own memory where that is contiguous and aligned, else over a copy. `copy` forces the copy.
Tensor FromArray(const py::array& array, bool copy);
// The tensor's bytes as an array: a view that keeps them alive, or a copy. bfloat16 comes out as uint16.
py::array ToArray(const Tensor& tensor, bool copy);
py::dtype ToNumpyType(DType dtype);

// What a fetched variable is in Python: LoDTensor, SelectedRows or LoDTensorArray, owning its content.
py::object ToPython(Variable&& variable);

}  // namespace paddle::bindings
