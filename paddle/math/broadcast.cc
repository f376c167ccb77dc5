#include "paddle/math/broadcast.h"

namespace paddle::math {
namespace {

// `dims` with ones before and behind, so that its axis 0 is at `axis` of a tensor of `rank` axes. Ones at its end that
// reach beyond are dropped.
Dims Align(Dims dims, int rank, int axis, const Dims& other) {
  while (dims.rank() + axis > rank && dims.rank() > 0 && dims[dims.rank() - 1] == 1)
    dims = dims.Slice(0, dims.rank() - 1);
  Require(dims.rank() + axis <= rank, "shape ", dims, " laid from axis ", axis, " on does not fit into shape ", other);
  Dims aligned;
  for (int i = 0; i < rank; ++i) aligned.Append(i < axis || i >= axis + dims.rank() ? 1 : dims[i - axis]);
  return aligned;
}

struct Pair {
  Dims x, y;
};

Pair AlignPair(const Dims& x, const Dims& y, int axis) {
  const int rank = std::max(x.rank(), y.rank());
  const int difference = std::abs(x.rank() - y.rank());
  Require(axis >= -1 && axis <= rank, "axis ", axis, " is out of range for shapes ", x, " and ", y,
          "; expected -1 <= axis <= ", rank);
  const int from = axis == -1 ? difference : axis;
  if (x.rank() < y.rank()) return {Align(x, rank, from, y), y};
  return {x, Align(y, rank, from, x)};
}

}  // namespace

Dims BroadcastDims(const Dims& x, const Dims& y, int axis) {
  if (x == y && x.known()) return x;
  const Pair pair = AlignPair(x, y, axis);
  Dims out;
  for (int i = 0; i < pair.x.rank(); ++i) {
    const int64_t a = pair.x[i], b = pair.y[i];
    Require(SizesAgree(a, b) || a == 1 || b == 1, "shapes ", x, " and ", y, " do not fit with axis ", axis,
            ": at axis ", i, " of the result one has ", a, ", the other ", b, "; expected equal sizes, or a 1");
    out.Append(a == 1 ? b : b == 1 ? a : std::max(a, b));
  }
  return out;
}

Broadcast MakeBroadcast(const Dims& x, const Dims& y, int axis) {
  const Pair pair = AlignPair(x, y, axis);
  const int rank = pair.x.rank();
  Broadcast b;
  int at = kMaxRank;  // filled from the back
  int64_t x_size = 1, y_size = 1, out_size = 1;
  int64_t size[kMaxRank + 1], xs[kMaxRank + 1], ys[kMaxRank + 1], os[kMaxRank + 1];
  for (int i = rank - 1; i >= 0; --i) {
    const int64_t n = pair.x[i] == 1 ? pair.y[i] : pair.x[i];
    if (n == 1) continue;
    const bool x_moves = pair.x[i] != 1, y_moves = pair.y[i] != 1;
    const bool merge = at < kMaxRank && (xs[at] != 0) == x_moves && (ys[at] != 0) == y_moves;
    if (merge) {
      size[at] *= n;
    } else {
      --at;
      size[at] = n;
      xs[at] = x_moves ? x_size : 0;
      ys[at] = y_moves ? y_size : 0;
      os[at] = out_size;
    }
    if (x_moves) x_size *= n;
    if (y_moves) y_size *= n;
    out_size *= n;
  }
  if (at == kMaxRank) {
    size[--at] = 1;
    xs[at] = ys[at] = os[at] = 1;
  }
  b.rank = kMaxRank - at;
  for (int i = 0; i < b.rank; ++i) {
    b.size[i] = size[at + i];
    b.x_stride[i] = xs[at + i];
    b.y_stride[i] = ys[at + i];
    b.out_stride[i] = os[at + i];
  }
  return b;
}

}  // namespace paddle::math
