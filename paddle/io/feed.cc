#include "paddle/io/feed.h"

namespace paddle {

TensorMeta InputMeta(const ProgramDesc& program, const std::string& name) {
  const auto var = program.block(0).FindVar(name);
  Require(var != nullptr, "the program has no variable '", name, "' to feed");
  Require(var->kind() == VarKind::kTensor, "variable '", name, "' is a ", var->kind(), " and cannot be fed");
  return var->Meta();
}

void CheckInput(const std::string& name, const TensorMeta& wanted, const Tensor& tensor) {
  Require(tensor.initialized(), "input '", name, "' holds no value; expected ", wanted);
  Require(tensor.dtype() == wanted.dtype, "input '", name, "' is ", tensor.dtype(), "; expected ", wanted);
  Require(DimsAgree(tensor.dims(), wanted.dims), "input '", name, "' has the shape ", tensor.dims(), "; expected ",
          wanted);
  Require(tensor.lod().levels() == wanted.lod_level || wanted.lod_level == 0, "input '", name, "' has ",
          tensor.lod().levels(), " LoD levels; expected ", wanted.lod_level, " (which rows belong to which sequence)");
}

}  // namespace paddle
