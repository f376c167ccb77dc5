#pragma once
// Checks of inputs whose sizes follow from others, as those of gradient ops do: a loaded program may say anything.

#include "paddle/op/infer.h"

namespace paddle {

// Throws InvalidArgument unless `input` has the dims `expected` (-1 agrees with everything).
inline void CheckDims(const OpMetas& metas, std::string_view input, const Dims& expected) {
  const Dims& dims = metas.In(input).dims;
  Require(DimsAgree(dims, expected), "input ", input, " has shape ", dims, "; expected ", expected);
}

}  // namespace paddle
