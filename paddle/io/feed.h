#pragma once
// Checks of what is fed from C++.

#include <string>

#include "paddle/program/program.h"

namespace paddle {

// What the program says of an input; throws InvalidArgument when it is no tensor, or not there.
TensorMeta InputMeta(const ProgramDesc& program, const std::string& name);

// Throws InvalidArgument naming the input unless the tensor has a value, the element type and the known sizes of
// `wanted`, and the LoD depth that it asks for.
void CheckInput(const std::string& name, const TensorMeta& wanted, const Tensor& tensor);

}  // namespace paddle
