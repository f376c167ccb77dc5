#pragma once
// Ops that compute a recognised loop, and their gradients.

#include <vector>

#include "paddle/pass/recurrent_cell/match.h"

namespace paddle::recurrent_cell {

struct Written {
  std::vector<OpDesc> forward, backward;  // in place of the loop and of its gradient op
};

// Makes the ops' variables in `block`. Throws where sizes or element types do not fit.
Written Write(const Loop& loop, const Cell& cell, BlockDesc* block);

}  // namespace paddle::recurrent_cell
