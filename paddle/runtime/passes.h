#pragma once
// What is done to a program before it is planned.

#include "paddle/runtime/plan.h"

namespace paddle {

// Passes that have no influence on what a program computes but for rounding, and the expansion of ops without a kernel.
// Returns what the passes did.
std::vector<std::string> RunPasses(ProgramDesc* program, const PlanRequest& request);

}  // namespace paddle
