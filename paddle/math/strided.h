#pragma once
// Elements moved between two arrangements in memory: the kernel of transposes, slices, joins and repeats.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "paddle/tensor/dims.h"

namespace paddle::math {

// One loop of a nest: its number of steps, and how far a step moves in the source and in the target, in elements. A
// stride of 0 stays, a negative one goes back.
struct StridedAxis {
  int64_t size, from, to;
};

// Loops of a nest, outermost first; room for two a dimension.
class StridedAxes {
 public:
  StridedAxes() = default;
  StridedAxes(std::initializer_list<StridedAxis> axes) {
    for (const auto& axis : axes) Append(axis);
  }
  void Append(const StridedAxis& axis) {
    Ensure(count_ < static_cast<int>(axes_.size()), "too many loops");
    axes_[count_++] = axis;
  }
  std::span<const StridedAxis> span() const { return {axes_.data(), static_cast<size_t>(count_)}; }

 private:
  std::array<StridedAxis, 2 * kMaxRank> axes_;
  int count_ = 0;
};

// Distance of neighbours along each axis of a row-major tensor, in elements.
std::array<int64_t, kMaxRank> RowMajorStrides(const Dims& dims);

// out[sum_k i_k to_k] = in[sum_k i_k from_k] for all indices i, on all threads; an element has `size` bytes. No two
// indices may meet the same target, and source and target may not overlap.
void CopyStrided(const StridedAxes& axes, size_t size, const std::byte* in, std::byte* out);

// out[sum_k i_k to_k] += in[sum_k i_k from_k], in an order that depends on the axes only. Indices may meet in a target
// by `to` strides of 0, no other way. Defined for float, double, int32_t and int64_t.
template <class T>
void AddStrided(const StridedAxes& axes, const T* in, T* out);

}  // namespace paddle::math
