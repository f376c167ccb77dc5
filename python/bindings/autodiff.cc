#include <pybind11/functional.h>

#include "paddle/autodiff/backward.h"
#include "python/bindings/program.h"

namespace paddle::bindings {

void BindAutodiff(py::module_& m) {
  m.def(
      "append_backward",
      [](const ProgramPtr& program, int block, std::vector<std::string> targets, std::vector<std::string> target_grads,
         std::set<std::string> no_grad, std::vector<std::string> inputs, std::vector<std::string> checkpoints,
         const py::object& on_op) {
        BackwardOptions options;
        options.block = block;
        options.targets = std::move(targets);
        options.target_grads = std::move(target_grads);
        options.no_grad = std::move(no_grad);
        options.inputs = std::move(inputs);
        options.checkpoints = std::move(checkpoints);
        if (!on_op.is_none())
          options.on_op = [&](BlockDesc& at, OpDesc&) { on_op(OpHandle(BlockHandle{program, &at}, at.ops().back())); };
        return AppendBackward(program.get(), options);
      },
      py::arg("program"), py::arg("block_idx"), py::arg("targets"), py::arg("target_grads"), py::arg("no_grad"),
      py::arg("inputs") = std::vector<std::string>{}, py::arg("checkpoints") = std::vector<std::string>{},
      py::arg("on_op") = py::none(), "Appends gradient ops to a block; returns variable -> gradient variable.");
}

}  // namespace paddle::bindings
