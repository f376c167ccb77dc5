#pragma once
// Reductions on the GPU; the same order, so the same bits, every time.

#include "paddle/math/broadcast.h"
#include "paddle/math/cuda/launch.h"

namespace paddle::cuda {

// store(row, v), v = combine over load(row, k) for k in [0, n), beginning with `start`, which combine must not change.
template <class A, class Load, class Combine, class Store>
void Reduce(const CudaContext& context, int64_t rows, int64_t n, A start, Load load, Combine combine, Store store) {
  // Few long rows are cut in parts, so that the whole GPU has work.
  const int64_t parts = rows < 256 ? std::clamp<int64_t>(n / 4096, 1, 256) : 1;
  BufferPtr memory;
  A* partial = nullptr;
  if (parts > 1) {
    memory = context.allocator().Allocate(static_cast<size_t>(rows * parts) * sizeof(A));
    partial = reinterpret_cast<A*>(memory->data());
  }
  ForEachTeam(context, rows * parts, [=] __device__(Team & team, int64_t task) {
    const int64_t row = task / parts, part = task % parts;
    const int64_t end = n * (part + 1) / parts;
    A value = start;
    for (int64_t k = n * part / parts + team.rank(); k < end; k += team.size()) value = combine(value, load(row, k));
    value = team.Fold(value, combine);
    if (team.rank() != 0) return;
    if (parts == 1)
      store(row, value);
    else
      partial[task] = value;
  });
  if (parts == 1) return;
  ForEachTeam(context, rows, [=] __device__(Team & team, int64_t row) {
    A value = start;
    for (int64_t k = team.rank(); k < parts; k += team.size()) value = combine(value, partial[row * parts + k]);
    value = team.Fold(value, combine);
    if (team.rank() == 0) store(row, value);
  });
}

// Where the elements at one position of a loop nest are.
struct Positions {
  int64_t out = 0, x = 0, y = 0;
};

constexpr Positions PositionsAt(const math::Broadcast& b, int64_t i) {
  Positions at;
  for (int axis = b.rank - 1; axis >= 0; --axis) {
    const int64_t k = i % b.size[axis];
    i /= b.size[axis];
    at.out += k * b.out_stride[axis];
    at.x += k * b.x_stride[axis];
    at.y += k * b.y_stride[axis];
  }
  return at;
}

// A loop nest as rows: those axes along which one operand moves, and in each row those along which it stays.
struct SplitNest {
  math::Broadcast kept, reduced;  // both with rank 1 and size 1 when they have no axis
  int64_t rows() const { return kept.numel(); }
  int64_t columns() const { return reduced.numel(); }
};

// `stride`: that of the operand to which the others are reduced, b.x_stride or b.y_stride.
inline SplitNest Split(const math::Broadcast& b, const int64_t* stride) {
  SplitNest split;
  split.kept.rank = split.reduced.rank = 0;
  for (int i = 0; i < b.rank; ++i) {
    math::Broadcast& to = stride[i] ? split.kept : split.reduced;
    to.size[to.rank] = b.size[i];
    to.out_stride[to.rank] = b.out_stride[i];
    to.x_stride[to.rank] = b.x_stride[i];
    to.y_stride[to.rank] = b.y_stride[i];
    ++to.rank;
  }
  for (math::Broadcast* part : {&split.kept, &split.reduced}) {
    if (part->rank) continue;
    *part = {};
  }
  return split;
}

constexpr Positions PositionsAt(const SplitNest& nest, int64_t row, int64_t column) {
  const Positions a = PositionsAt(nest.kept, row), b = PositionsAt(nest.reduced, column);
  return {a.out + b.out, a.x + b.x, a.y + b.y};
}

}  // namespace paddle::cuda
