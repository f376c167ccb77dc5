#pragma once
// Two tensors of different shapes met element by element, in Fluid's way: the axes of the one of smaller rank are laid
// against the other's from `axis` on (-1: the last ones), and sizes of 1 stretch.

#include <algorithm>
#include <cstdint>

#include "paddle/tensor/dims.h"

namespace paddle::math {

// The shape of X op Y; sizes may be -1. Throws InvalidArgument when the shapes do not fit.
Dims BroadcastDims(const Dims& x, const Dims& y, int axis);

// Result, X and Y as one loop nest: neighbouring axes along which the same tensors move are one axis. A stride of 0
// says that the tensor stays where it is.
struct Broadcast {
  int rank = 1;
  int64_t size[kMaxRank] = {1};
  int64_t out_stride[kMaxRank] = {}, x_stride[kMaxRank] = {}, y_stride[kMaxRank] = {};

  int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= size[i];
    return n;
  }
};

Broadcast MakeBroadcast(const Dims& x, const Dims& y, int axis);

// Calls row(out, x, y, n) with the positions of n elements that follow each other in the innermost axis, for all
// elements [begin, end) of the loop nest.
template <class Row>
void WalkRows(const Broadcast& b, int64_t begin, int64_t end, Row row) {
  const int last = b.rank - 1;
  int64_t index[kMaxRank], out = 0, x = 0, y = 0, rest = begin;
  for (int i = last; i >= 0 && begin < end; --i) {
    index[i] = rest % b.size[i];
    rest /= b.size[i];
    out += index[i] * b.out_stride[i];
    x += index[i] * b.x_stride[i];
    y += index[i] * b.y_stride[i];
  }
  while (begin < end) {
    const int64_t n = std::min(b.size[last] - index[last], end - begin);
    row(out, x, y, n);
    begin += n;
    out += n * b.out_stride[last];
    x += n * b.x_stride[last];
    y += n * b.y_stride[last];
    index[last] += n;
    for (int i = last; i > 0 && index[i] == b.size[i]; --i) {
      out += b.out_stride[i - 1] - b.size[i] * b.out_stride[i];
      x += b.x_stride[i - 1] - b.size[i] * b.x_stride[i];
      y += b.y_stride[i - 1] - b.size[i] * b.y_stride[i];
      index[i] = 0;
      ++index[i - 1];
    }
  }
}

}  // namespace paddle::math
