#pragma once
// The output layer of a language model without all its logits in memory.

#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// Puts one op, which computes some rows at a time, in the place of a mul by a weight of many columns, the bias, the
// cross entropy of the softmax, its mean and the gradients of all of them, where block 0 has them and nothing else
// reads what is between them. Results differ by rounding: the gradients of weight and bias are sums in another order.
// `outside`: the names that are fed or fetched. Returns the names of the weights.
std::vector<std::string> FuseLinearCrossEntropy(ProgramDesc* program, const std::vector<std::string>& outside);

}  // namespace paddle
