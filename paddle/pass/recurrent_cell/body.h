#pragma once
// What the step of a loop computes.

#include <map>
#include <string>

#include "paddle/pass/recurrent_cell/loop.h"
#include "paddle/pass/recurrent_cell/values.h"

namespace paddle::recurrent_cell {

struct Body {
  std::map<std::string, Columns> values;  // of the body's variables, as far as they are made by known ops
  std::string unknown;                    // the first op that is not known, with its line; empty: there is none
};

// Throws InvalidArgument where an op must not be left out or moved: one that has an effect, draws random numbers,
// writes outside, or writes over a value.
Body Evaluate(const ProgramDesc& program, const Uses& uses, const Loop& loop, Algebra* algebra);

// The number that fill_constant, or the like, writes. Throws InvalidArgument where a variable tells it.
double FilledWith(const OpDesc& op);

}  // namespace paddle::recurrent_cell
