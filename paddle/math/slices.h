#pragma once
// Slices of a tensor by number. The tensor is seen as [outer, size, inner]; index i names slice (o, index[i]) for each
// o.

#include <cstddef>
#include <cstdint>
#include <span>

namespace paddle::math {

struct SliceShape {
  int64_t outer, size, inner;
};

// out[o, i] = x[o, index[i]]; an element has `element` bytes. The indices must be in [0, size).
void TakeSlices(const SliceShape& shape, size_t element, const std::byte* x, std::span<const int64_t> index,
                std::byte* out);

// out[o, index[i]] = x[o, i]; of several the last one stays.
void PutSlices(const SliceShape& shape, size_t element, const std::byte* x, std::span<const int64_t> index,
               std::byte* out);

// out[o, index[i]] += x[o, i], in the order of the indices. Defined for float, double, int32_t, int64_t and uint8_t.
template <class T>
void AddSlices(const SliceShape& shape, const T* x, std::span<const int64_t> index, T* out);

}  // namespace paddle::math
