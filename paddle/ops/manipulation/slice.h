#pragma once
// What slice and strided_slice have in common: which elements of a tensor are meant.

#include <algorithm>

#include "paddle/math/strided.h"
#include "paddle/ops/manipulation/integers.h"
#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {

// For each axis of a tensor the first element, the step, and how many; a size of -1 is not known yet.
struct Selection {
  Dims sizes;
  int64_t start[kMaxRank] = {}, step[kMaxRank];
};

// `axes` and the three lists as Python's slices: negative starts and ends count from the end, and those beyond it, or
// before the first element, are clipped. Unlike there an end of -1 with a negative stride is in front of the first
// element. No strides: all 1.
inline Selection Select(const Dims& x, const std::vector<int32_t>& axes, const std::vector<int64_t>& starts,
                        const std::vector<int64_t>& ends, const std::vector<int64_t>& strides) {
  const auto check = [&](const char* what, size_t count) {
    Require(count == axes.size(), what, " has ", count, " values, but axes ", axes.size(), "; expected one an axis");
  };
  check("starts", starts.size());
  check("ends", ends.size());
  if (!strides.empty()) check("strides", strides.size());
  Selection result;
  result.sizes = x;
  std::fill_n(result.step, kMaxRank, 1);
  bool seen[kMaxRank] = {};
  for (size_t i = 0; i < axes.size(); ++i) {
    const int axis = NormalizeAxis(axes[i], x.rank(), "axes:");
    Require(!seen[axis], "axes ", axes, " names axis ", axis, " twice");
    seen[axis] = true;
    const int64_t size = x[axis], step = strides.empty() ? 1 : strides[i];
    Require(step != 0, "the stride of axis ", axis, " is 0; expected another number");
    if (size < 0 || starts[i] == kUnknownInteger || ends[i] == kUnknownInteger || step == kUnknownInteger) {
      result.sizes[axis] = -1;
      continue;
    }
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    const auto clip = [&](int64_t at) { return std::clamp(at < 0 ? at + size : at, low, high); };
    const int64_t start = clip(starts[i]), end = step < 0 && ends[i] == -1 ? -1 : clip(ends[i]);
    const int64_t span = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
    result.sizes[axis] = span > 0 ? (span - 1) / stride + 1 : 0;
    result.start[axis] = result.sizes[axis] > 0 ? start : 0;
    result.step[axis] = step;
  }
  return result;
}

// The sizes without the axes of `decrease`, each of which must have one element. [1] when none is left.
inline Dims Decreased(const Dims& sizes, const std::vector<int32_t>& decrease) {
  if (decrease.empty()) return sizes;
  bool gone[kMaxRank] = {};
  for (const int32_t given : decrease) {
    const int axis = NormalizeAxis(given, sizes.rank(), "decrease_axis:");
    Require(SizesAgree(sizes[axis], 1), "axis ", axis, " cannot be left out: ", sizes[axis],
            " of its elements are taken; expected 1");
    gone[axis] = true;
  }
  Dims dims;
  for (int i = 0; i < sizes.rank(); ++i)
    if (!gone[i]) dims.Append(sizes[i]);
  if (dims.rank() == 0) dims.Append(1);
  return dims;
}

// Where the selected elements are in `x` (from) and in a tensor of their own (to); the place of the first in `start`.
inline math::StridedAxes SelectedAxes(const Selection& selection, const Dims& x, int64_t* start) {
  const auto from = math::RowMajorStrides(x), to = math::RowMajorStrides(selection.sizes);
  math::StridedAxes axes;
  *start = 0;
  for (int i = 0; i < x.rank(); ++i) {
    axes.Append({selection.sizes[i], from[i] * selection.step[i], to[i]});
    *start += from[i] * selection.start[i];
  }
  return axes;
}

inline void CopySelected(const Selection& selection, const Tensor& x, Tensor& out) {
  int64_t start;
  const auto axes = SelectedAxes(selection, x.dims(), &start);
  if (out.numel() == 0) return;
  const size_t size = SizeOf(x.dtype());
  math::CopyStrided(axes, size, x.raw() + start * size, out.mutable_raw());
}

// dx = dout at the selected elements, 0 elsewhere.
inline void SpreadSelected(const Selection& selection, const Tensor& dout, Tensor& dx) {
  if (dx.bytes()) std::memset(dx.mutable_raw(), 0, dx.bytes());
  if (dout.numel() == 0) return;
  int64_t start;
  const auto axes = SelectedAxes(selection, dx.dims(), &start);
  math::StridedAxes back;
  for (const auto& axis : axes.span()) back.Append({axis.size, axis.to, axis.from});
  const size_t size = SizeOf(dx.dtype());
  math::CopyStrided(back, size, dout.raw(), dx.mutable_raw() + start * size);
}

// While a program is built: the integers that infer_flags marks with -1 are not known, and those it does not mark are
// the attribute's even where tensors hold them.
inline void ApplyFlags(const std::vector<int32_t>& flags, const std::vector<int32_t>& attr,
                       std::vector<int64_t>* integers) {
  for (size_t i = 0; i < integers->size() && i < flags.size(); ++i) {
    if (flags[i] == -1)
      (*integers)[i] = kUnknownInteger;
    else if ((*integers)[i] == kUnknownInteger && i < attr.size())
      (*integers)[i] = attr[i];
  }
}

// Whether axis 0 is among the axes cut: only then rows go, and sequences with them.
inline bool CutsRows(const std::vector<int32_t>& axes, int rank) {
  return std::any_of(axes.begin(), axes.end(), [=](int32_t axis) { return NormalizeAxis(axis, rank) == 0; });
}

inline const SlotSpec kSliceInput{"Input", "Tensor of rank 1 or more."};

}  // namespace paddle
