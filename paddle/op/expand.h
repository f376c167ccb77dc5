#pragma once
// Writes an op as the simpler ops that compute it.

#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// The ops that compute `op` by its expansion rule; their variables are made in `block` under unique names, with
// inferred descriptions. The op itself stays where it is.
std::vector<OpDesc> ExpandOp(const OpDesc& op, BlockDesc* block);

}  // namespace paddle
