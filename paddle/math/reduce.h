#pragma once
// Reductions along axes, in an order that depends on the shape only.

#include <cstdint>
#include <span>

#include "paddle/math/broadcast.h"

namespace paddle::math {

// `kept` is x's shape with a 1 for each axis that is reduced; `out` has one element for each of kept's. Defined for
// float, double, int32_t and int64_t.
template <class T>
void SumAxes(const T* x, const Dims& dims, const Dims& kept, T* out);

enum class Fold { kMax, kMin, kProduct };

// As SumAxes. The largest and the least of nothing are the type's lowest and highest value.
template <class T>
void FoldAxes(Fold fold, const T* x, const Dims& dims, const Dims& kept, T* out);

// Logical and / or of bools.
void AllAxes(const bool* x, const Dims& dims, const Dims& kept, bool* out);
void AnyAxes(const bool* x, const Dims& dims, const Dims& kept, bool* out);

// y[i] = factor times the element of x that i's position is reduced to: the reverse of SumAxes.
template <class T>
void SpreadAxes(const T* x, const Dims& dims, const Dims& kept, T factor, T* y);

}  // namespace paddle::math
