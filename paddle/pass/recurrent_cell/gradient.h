#pragma once
// Whether a loop's gradient block computes what the gradients of the ops in the loop are.

#include "paddle/pass/recurrent_cell/loop.h"

namespace paddle::recurrent_cell {

// Throws InvalidArgument unless the block of the loop's gradient op is what the ops of the loop's block give by the
// registry's rules, but for names, order, and ops that do nothing.
void CheckGradientBlock(const ProgramDesc& program, const Loop& loop);

}  // namespace paddle::recurrent_cell
