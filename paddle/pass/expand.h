#pragma once
// Replaces ops that have no kernel by the ops that compute them.

#include "paddle/op/op_def.h"

namespace paddle {

// Replaces each op of `block` that has no kernel for `device` but an expansion rule, until none is left. Temporaries
// get unique names and inferred descriptions. Throws Error when expansions go deeper than 32.
void ExpandOps(BlockDesc* block, DeviceType device);

}  // namespace paddle
