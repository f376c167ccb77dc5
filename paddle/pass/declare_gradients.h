#pragma once
// Completes programs of Fluid 1.x.

#include "paddle/program/program.h"

namespace paddle {

// Declares the gradients that ops in gradient blocks read although no block has a variable of that name: such programs
// take them for zero where the op around the block gives none.
void DeclareGradients(ProgramDesc* program);

}  // namespace paddle
