#pragma once
// A tensor seen around one of its axes.

#include <algorithm>
#include <cstdint>

#include "paddle/device/parallel.h"
#include "paddle/tensor/dims.h"

namespace paddle {

// A tensor seen as [outer, size, inner] around one of its dimensions.
struct AxisView {
  int64_t outer, size, inner;

  AxisView(const Dims& dims, int axis)
      : outer(dims.Product(0, axis)), size(dims[axis]), inner(dims.Product(axis + 1, dims.rank())) {}

  int64_t lines() const { return outer * inner; }
};

// Calls body(line, begin) for each of the view's lines, on all threads; its elements are at begin, begin + inner, ...
// `elements`: so many elements take about 10 us.
template <class Body>
void ForEachLine(const AxisView& view, int64_t elements, const Body& body) {
  ParallelFor(view.lines(), std::max<int64_t>(1, elements / std::max<int64_t>(view.size, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t line = begin; line < end; ++line)
                  body(line, line / view.inner * view.size * view.inner + line % view.inner);
              });
}

}  // namespace paddle
