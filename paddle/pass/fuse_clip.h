#pragma once
// Clipping by global norm without passes over the gradients that only it needs.

#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

struct FusedClip {
  int sums = 0;     // squares that are no longer kept
  int updates = 0;  // parameters that are updated without a second gradient
};

// In block 0 replaces
//   * square and the reduce_sum over all axes that alone reads it, by squared_l2_norm: the same but for rounding;
//   * elementwise_mul of a dense gradient by one number and the update that alone reads the product, by scaled_sgd,
//     scaled_momentum or scaled_adam: the same bit by bit.
// `outside`: the names that are fed or fetched.
FusedClip FuseClip(ProgramDesc* program, const std::vector<std::string>& outside);

}  // namespace paddle
