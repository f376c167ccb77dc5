#include "python/bindings/bindings.h"

// The order matters to default arguments and nested classes: what a subject names is bound before it.
PYBIND11_MODULE(_core, m) {
  namespace bindings = paddle::bindings;
  m.doc() = "The compiled core of Fluid. Scripts use it as paddle.fluid.core.";
  bindings::BindErrors(m);
  bindings::BindPlaces(m);
  bindings::BindVarDesc(m);
  bindings::BindTensor(m);
  bindings::BindDLPack(m);
  bindings::BindCollections(m);
  bindings::BindQueue(m);
  bindings::BindOpDesc(m);
  bindings::BindProgram(m);
  bindings::BindRegistry(m);
  bindings::BindFeedFetch(m);
  bindings::BindScope(m);
  bindings::BindExecutor(m);
  bindings::BindPredictor(m);
  bindings::BindAutodiff(m);
  bindings::BindPass(m);
  bindings::BindRuntime(m);
  bindings::BindProfiler(m);
}
