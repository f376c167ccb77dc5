#pragma once
#include "paddle/runtime/plan.h"

namespace paddle {

// Throws for the first instruction that cannot take the element types its variables have: those that `block` describes
// of what is fed or persistable, and those that inference makes of them. What inference cannot tell is let through, for
// the run to check.
void CheckTypes(const Plan& plan, const BlockDesc& block);

}  // namespace paddle
