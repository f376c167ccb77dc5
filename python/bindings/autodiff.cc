#include "python/bindings/bindings.h"

namespace paddle::bindings {

void BindAutodiff(py::module_&) {}

}  // namespace paddle::bindings
