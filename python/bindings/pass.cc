#include "paddle/pass/expand.h"
#include "python/bindings/program.h"

namespace paddle::bindings {

void BindPass(py::module_& m) {
  m.def(
      "_expand_ops",
      [](const ProgramPtr& program, const Place& place) {
        VerifyNesting(*program);
        for (int i = 0; i < program->size(); ++i) ExpandOps(&program->block(i), place.device);
      },
      py::arg("program"), py::arg("place"),
      "Replaces, in place, each op that has no kernel for the device by the ops that compute it.");
}

}  // namespace paddle::bindings
