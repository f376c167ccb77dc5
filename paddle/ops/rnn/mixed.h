#pragma once
// What the recurrent ops need for mixed precision: some of their tensors keep computed values (float32 beside
// bfloat16).

#include "paddle/math/bfloat16.h"
#include "paddle/op/infer.h"

namespace paddle {

// The element type that values kept as `kept` are computed in.
inline DType ComputedDType(DType kept) { return kept == DType::kBFloat16 ? DType::kFloat32 : kept; }

// An input, if there is one, must have the type that the values of `kept` are computed in.
inline void CheckComputedDType(const InferContext& context, std::string_view kept, std::string_view slot) {
  if (!context.Has(slot)) return;
  const DType wanted = ComputedDType(context.In(kept).dtype), got = context.In(slot).dtype;
  Require(got == wanted, "input ", slot, " is ", got, ", but ", kept, " is ", context.In(kept).dtype, "; expected ",
          wanted);
}

}  // namespace paddle
