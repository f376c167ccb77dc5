#include "python/bindings/bindings.h"

PYBIND11_MODULE(_core, m) {
  namespace bindings = paddle::bindings;
  m.doc() = "The compiled core of Fluid. Scripts use it as paddle.fluid.core.";
  bindings::BindErrors(m);
  bindings::BindTensor(m);
  bindings::BindProgram(m);
  bindings::BindRegistry(m);
  bindings::BindScope(m);
  bindings::BindExecutor(m);
  bindings::BindAutodiff(m);
  bindings::BindRuntime(m);
}
