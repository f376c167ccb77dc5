// The predictor that paddle.fluid.inference is written on.

#include "paddle/io/predictor.h"

#include "paddle/io/model.h"
#include "python/bindings/convert.h"
#include "python/bindings/interrupt.h"
#include "python/bindings/program.h"
#include "python/bindings/scope.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

std::unique_ptr<Predictor> Make(const ProgramPtr& program, const ScopeHandle& scope, const Place& place, int threads,
                                bool allow_io) {
  PredictorOptions options;
  options.place = place;
  options.threads = threads;
  options.allow_io = allow_io;
  // A copy: the predictor reads it without the GIL, while Python may edit its own.
  return Predictor::FromProgram(program->Clone(), scope.scope, options);
}

py::list Run(Predictor& self, const py::list& inputs) {
  std::vector<Tensor> tensors;
  tensors.reserve(inputs.size());
  for (const auto& input : inputs) tensors.push_back(input.cast<const TensorHandle&>().get());
  std::vector<Tensor> outputs;
  {
    const InterruptGuard guard;
    const Scope::Use use(*self.scope());
    const py::gil_scoped_release release;
    outputs = self.Run(tensors);
  }
  py::list out;
  for (Tensor& tensor : outputs) out.append(TensorHandle(std::move(tensor)));
  return out;
}

std::vector<int64_t> InputShape(const Predictor& self, int i) { return self.input_meta(i).dims.ToVector(); }

}  // namespace

void BindPredictor(py::module_& m) {
  py::class_<Predictor>(m, "_Predictor", "Runs an inference program over a scope. Safe to use from many threads.")
      .def(py::init(&Make), py::keep_alive<1, 3>(), py::arg("program"), py::arg("scope"), py::arg("place") = Place{},
           py::arg("threads") = 0, py::arg("allow_io") = false)
      .def("run", Run, py::arg("inputs"),
           "Takes one LoDTensor an input, returns one an output. The GIL is free meanwhile.")
      .def("clone", &Predictor::Clone, "Another one with the same weights and run memory of its own.")
      .def("inputs", &Predictor::inputs, "Names, in the order in which run takes them.")
      .def("outputs", &Predictor::outputs, "Names, in the order in which run gives them.")
      .def("input_shape", InputShape, py::arg("index"), "Sizes of an input; -1 is any size.");
  m.def(
      "_load_persistables",
      [](const ProgramPtr& program, const ScopeHandle& scope, const std::string& folder, const std::string& file_name) {
        LoadPersistables(*program, folder, file_name, scope.scope.get());
      },
      py::arg("program"), py::arg("scope"), py::arg("folder"), py::arg("file_name") = "",
      "Reads a program's persistable variables: one file each, or with file_name all from that one.");
  m.def(
      "_load_persistables_from_bytes",
      [](const ProgramPtr& program, const ScopeHandle& scope, const py::bytes& bytes) {
        MemorySource source{std::string_view(bytes)};
        LoadPersistables(*program, &source, scope.scope.get());
      },
      py::arg("program"), py::arg("scope"), py::arg("bytes"),
      "Reads a program's persistable variables from the content of a combined file.");
  m.def(
      "_save_persistables",
      [](const ProgramPtr& program, const ScopeHandle& scope, const std::string& folder, const std::string& file_name) {
        SavePersistables(*program, folder, file_name, scope.scope.get());
      },
      py::arg("program"), py::arg("scope"), py::arg("folder"), py::arg("file_name") = "",
      "Writes them, in the same form.");
}

}  // namespace paddle::bindings
