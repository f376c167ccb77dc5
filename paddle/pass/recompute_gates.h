#pragma once
// Recurrent layers that keep their states for the backward pass, but not their gates.

#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// Replaces mul (and the elementwise_add of a bias behind it) and the lstm or gru that alone reads what it gives, and
// their gradient ops, by fused_mul_lstm or fused_mul_gru, in block 0. The sums are the same, in another order.
// `outside`: names that must stay as they are: fed or fetched. Returns the names of the layers' hidden states.
std::vector<std::string> RecomputeGates(ProgramDesc* program, const std::vector<std::string>& outside);

}  // namespace paddle
