#pragma once
// The subjects of the module paddle._core; each is bound in the file of its name.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace paddle::bindings {

namespace py = pybind11;

void BindErrors(py::module_& m);
void BindPlaces(py::module_& m);
void BindTensor(py::module_& m);
void BindDLPack(py::module_& m);
void BindCollections(py::module_& m);  // SelectedRows, LoDTensorArray, LodRankTable
void BindQueue(py::module_& m);
void BindVarDesc(py::module_& m);
void BindOpDesc(py::module_& m);
void BindProgram(py::module_& m);
void BindRegistry(py::module_& m);
void BindScope(py::module_& m);
void BindFeedFetch(py::module_& m);
void BindExecutor(py::module_& m);
void BindPredictor(py::module_& m);
void BindAutodiff(py::module_& m);
void BindPass(py::module_& m);
void BindRuntime(py::module_& m);  // flags, threads, memory
void BindProfiler(py::module_& m);

}  // namespace paddle::bindings
