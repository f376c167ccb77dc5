#pragma once
// The floating types of ops that also compute in mixed precision: float32, float64, and bfloat16 as a type of storage.

#include "paddle/op/infer.h"

namespace paddle {

inline constexpr DTypeSet kMixedFloats{DType::kFloat32, DType::kFloat64, DType::kBFloat16};

// VisitFloat with BFloat16 besides.
template <class F>
decltype(auto) VisitMixedFloat(DType dtype, F&& f) {
  if (dtype == DType::kBFloat16) return f.template operator()<BFloat16>();
  return VisitFloat(dtype, f);
}

}  // namespace paddle
