#pragma once
// Gradients of large tables hold only the rows that were looked up.

#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// Turns the gradient of a large table of block 0 into SelectedRows where the op of a lookup writes it and an
// optimizer's op alone takes it: sgd, momentum, adagrad or adam, which then computes what it would have of the dense
// gradient, bit by bit; squared_l2_norm may read it before, as clipping does. The rows that no id names are neither
// filled with zeros nor read. `outside`: the names that are fed or fetched. Returns the names of the tables.
std::vector<std::string> SparseTableGrads(ProgramDesc* program, const std::vector<std::string>& outside);

}  // namespace paddle
