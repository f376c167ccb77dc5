#include "paddle/math/strided.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/math/sum.h"

namespace paddle::math {
namespace {

constexpr int kTile = 32;  // items, along both sides of a block that is transposed

// The loops of a nest without those of one step, the smallest step in the target innermost, neighbours that move alike
// joined. Strides are in bytes.
struct Nest {
  StridedAxis axes[2 * kMaxRank];
  int rank = 0;
  bool empty = false;

  Nest(std::span<const StridedAxis> given, int64_t size) {
    for (const auto& axis : given) {
      if (axis.size == 0) empty = true;
      if (axis.size > 1) axes[rank++] = {axis.size, axis.from * size, axis.to * size};
    }
    std::stable_sort(axes, axes + rank,
                     [](const StridedAxis& a, const StridedAxis& b) { return std::abs(a.to) > std::abs(b.to); });
    Join();
  }

  void Join() {
    int kept = 0;
    for (int i = 0; i < rank; ++i) {
      const StridedAxis& axis = axes[i];
      if (kept > 0) {
        StridedAxis& before = axes[kept - 1];
        if (before.from == axis.from * axis.size && before.to == axis.to * axis.size) {
          before = {before.size * axis.size, axis.from, axis.to};
          continue;
        }
      }
      axes[kept++] = axis;
    }
    rank = kept;
  }

  // The product of the first `count` sizes.
  int64_t Steps(int count) const {
    int64_t steps = 1;
    for (int i = 0; i < count; ++i) steps *= axes[i].size;
    return steps;
  }

  // Makes what lies together in source and target one item, or one row of bytes where that is long or all there is.
  // Returns the size of an item.
  int64_t TakeRun(int64_t size) {
    int64_t run = size;
    if (rank > 0 && axes[rank - 1].from == size && axes[rank - 1].to == size) run *= axes[--rank].size;
    if (rank > 0 && run <= kBytesPerTask) return run;
    axes[rank++] = {run, 1, 1};
    return 1;
  }

  // Whether blocks are worth their buffer: another loop takes smaller steps in the source than the innermost one. That
  // loop becomes the last but one.
  bool MakeBlocks() {
    const auto steps = [](const StridedAxis& axis) { return std::abs(axis.from); };
    int best = rank - 1;
    for (int i = 0; i < rank - 1; ++i)
      if (steps(axes[i]) < steps(axes[best])) best = i;
    if (best == rank - 1 || rank < 2 || axes[best].from == 0) return false;
    std::rotate(axes + best, axes + best + 1, axes + rank - 1);
    return true;
  }

  // The smallest step in the source innermost.
  void SortBySource() {
    std::stable_sort(axes, axes + rank,
                     [](const StridedAxis& a, const StridedAxis& b) { return std::abs(a.from) > std::abs(b.from); });
    Join();
  }
};

// A position in the outer loops of a nest, with what it means in bytes.
struct Position {
  const StridedAxis* axes;
  int rank;
  int64_t index[2 * kMaxRank], from = 0, to = 0;

  Position(const StridedAxis* outer, int count, int64_t start) : axes(outer), rank(count) {
    for (int i = rank - 1; i >= 0; --i) {
      index[i] = start % axes[i].size;
      start /= axes[i].size;
      from += index[i] * axes[i].from;
      to += index[i] * axes[i].to;
    }
  }

  void Next() {
    for (int i = rank - 1; i >= 0; --i) {
      from += axes[i].from;
      to += axes[i].to;
      if (++index[i] < axes[i].size) return;
      from -= axes[i].size * axes[i].from;
      to -= axes[i].size * axes[i].to;
      index[i] = 0;
    }
  }
};

// Items of a size known to the compiler, or not (N = 0).
template <int N>
struct Item {
  int64_t size;
  void Move(const std::byte* in, std::byte* out) const { std::memcpy(out, in, N ? N : size); }
};

template <int N>
void MoveRow(Item<N> item, const StridedAxis& row, int64_t n, const std::byte* in, std::byte* out) {
  if (row.from == item.size && row.to == item.size) {
    std::memcpy(out, in, n * item.size);
  } else if (row.to == static_cast<int64_t>(N)) {  // lets the compiler use vectors
    for (int64_t i = 0; i < n; ++i) item.Move(in + i * row.from, out + i * N);
  } else {
    for (int64_t i = 0; i < n; ++i) item.Move(in + i * row.from, out + i * row.to);
  }
}

// buffer[i][j] = item i of row j, for the first np items of nq rows that lie `row` bytes apart.
template <int N>
void TransposeItems(const std::byte* in, int64_t item, int64_t row, int64_t np, int64_t nq, std::byte* buffer) {
  for (int64_t j = 0; j < nq; ++j)
    for (int64_t i = 0; i < np; ++i) std::memcpy(buffer + (i * kTile + j) * N, in + i * item + j * row, N);
}

// The same for contiguous items of four bytes, in blocks of 4 x 4 in registers. Numbers of items are multiples of 4.
void TransposeWords(const std::byte* in, int64_t row, int64_t np, int64_t nq, std::byte* buffer) {
  using Words = int32_t __attribute__((vector_size(16)));
  for (int64_t j = 0; j < nq; j += 4)
    for (int64_t i = 0; i < np; i += 4) {
      Words r[4];
      for (int k = 0; k < 4; ++k) std::memcpy(&r[k], in + (j + k) * row + i * 4, 16);
      const Words a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5),
                  b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
      const Words c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5),
                  d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
      const Words columns[4] = {__builtin_shufflevector(a, c, 0, 1, 4, 5), __builtin_shufflevector(a, c, 2, 3, 6, 7),
                                __builtin_shufflevector(b, d, 0, 1, 4, 5), __builtin_shufflevector(b, d, 2, 3, 6, 7)};
      for (int k = 0; k < 4; ++k) std::memcpy(buffer + ((i + k) * kTile + j) * 4, &columns[k], 16);
    }
}

// At most kTile x kTile items, read along `p` and written along `q` by way of a buffer, so that each cache line is
// touched once.
template <int N>
void MoveTile(const StridedAxis& p, int64_t np, const StridedAxis& q, int64_t nq, const std::byte* in, std::byte* out) {
  alignas(64) std::byte buffer[kTile * kTile * N];
  if (N == 4 && p.from == 4 && np % 4 == 0 && nq % 4 == 0)
    TransposeWords(in, q.from, np, nq, buffer);
  else
    TransposeItems<N>(in, p.from, q.from, np, nq, buffer);
  for (int64_t i = 0; i < np; ++i) {
    if (q.to == N) {
      std::memcpy(out + i * p.to, buffer + i * kTile * N, nq * N);
    } else {
      for (int64_t j = 0; j < nq; ++j) std::memcpy(out + i * p.to + j * q.to, buffer + (i * kTile + j) * N, N);
    }
  }
}

// Rows along the innermost loop, one after the other.
template <int N>
void MoveRows(const Nest& nest, Item<N> item, const std::byte* in, std::byte* out) {
  const StridedAxis row = nest.axes[nest.rank - 1];
  const int64_t length = std::clamp<int64_t>(kBytesPerTask / item.size, 1, row.size);
  const int64_t pieces = (row.size + length - 1) / length;  // of a row
  const int64_t grain = std::max<int64_t>(1, kBytesPerTask / (item.size * length));
  ParallelFor(nest.Steps(nest.rank - 1) * pieces, grain, [&](int64_t begin, int64_t end) {
    Position at(nest.axes, nest.rank - 1, begin / pieces);
    for (int64_t i = begin, piece = begin % pieces; i < end; ++i) {
      const int64_t first = piece * length;
      MoveRow(item, row, std::min(length, row.size - first), in + at.from + first * row.from,
              out + at.to + first * row.to);
      if (++piece == pieces) {
        piece = 0;
        at.Next();
      }
    }
  });
}

// Blocks of the last two loops, of which the outer one takes the smaller steps in the source.
template <int N>
void MoveTiles(const Nest& nest, const std::byte* in, std::byte* out) {
  const StridedAxis p = nest.axes[nest.rank - 2], q = nest.axes[nest.rank - 1];
  const int64_t rows = (p.size + kTile - 1) / kTile, columns = (q.size + kTile - 1) / kTile, tiles = rows * columns;
  const int64_t items = std::min<int64_t>(p.size, kTile) * std::min<int64_t>(q.size, kTile);
  ParallelFor(nest.Steps(nest.rank - 2) * tiles, std::max<int64_t>(1, kBytesPerTask / (items * N)),
              [&](int64_t begin, int64_t end) {
                Position at(nest.axes, nest.rank - 2, begin / tiles);
                for (int64_t i = begin, tile = begin % tiles; i < end; ++i) {
                  const int64_t pi = tile / columns * kTile, qi = tile % columns * kTile;
                  MoveTile<N>(p, std::min<int64_t>(kTile, p.size - pi), q, std::min<int64_t>(kTile, q.size - qi),
                              in + at.from + pi * p.from + qi * q.from, out + at.to + pi * p.to + qi * q.to);
                  if (++tile == tiles) {
                    tile = 0;
                    at.Next();
                  }
                }
              });
}

template <int N>
void Move(Nest& nest, int64_t size, const std::byte* in, std::byte* out) {
  if constexpr (N > 0)
    if (nest.MakeBlocks()) return MoveTiles<N>(nest, in, out);
  MoveRows(nest, Item<N>{size}, in, out);
}

}  // namespace

std::array<int64_t, kMaxRank> RowMajorStrides(const Dims& dims) {
  std::array<int64_t, kMaxRank> strides{};
  int64_t stride = 1;
  for (int i = dims.rank() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return strides;
}

void CopyStrided(const StridedAxes& axes, size_t size, const std::byte* in, std::byte* out) {
  Nest nest(axes.span(), static_cast<int64_t>(size));
  if (nest.empty) return;
  const int64_t item = nest.TakeRun(static_cast<int64_t>(size));
  switch (item) {
    case 1:
      return Move<1>(nest, item, in, out);
    case 2:
      return Move<2>(nest, item, in, out);
    case 4:
      return Move<4>(nest, item, in, out);
    case 8:
      return Move<8>(nest, item, in, out);
    case 16:
      return Move<16>(nest, item, in, out);
    default:
      return Move<0>(nest, item, in, out);
  }
}

namespace {

// Splits the loops into those that move in the target and those that stay.
struct SumNest {
  StridedAxes kept, summed;

  explicit SumNest(const StridedAxes& axes) {
    for (const auto& axis : axes.span()) (axis.to == 0 ? summed : kept).Append(axis);
  }
};

// out[i * row.to] += in[i * row.from].
template <class T>
void AddRow(const StridedAxis& row, int64_t n, const T* in, T* out) {
  if (row.from == 1 && row.to == 1) return AddTo(in, out, n);
  for (int64_t i = 0; i < n; ++i) out[i * row.to] += in[i * row.from];
}

template <class T>
T SumRow(const StridedAxis& row, const T* in) {
  if (row.from == 1) return SumSerial(in, row.size);
  T sum = 0;
  for (int64_t i = 0; i < row.size; ++i) sum += in[i * row.from];
  return sum;
}

}  // namespace

template <class T>
void AddStrided(const StridedAxes& axes, const T* in, T* out) {
  const SumNest split(axes);
  Nest kept(split.kept.span(), 1), summed(split.summed.span(), 1);
  if (kept.empty || summed.empty) return;
  summed.SortBySource();
  const int64_t repeats = summed.Steps(summed.rank);
  const bool sum_rows = summed.rank > 0 && (kept.rank == 0 || summed.axes[summed.rank - 1].from == 1);
  // The loop that is innermost: of those summed, or of those kept.
  const int outer = sum_rows || kept.rank == 0 ? kept.rank : kept.rank - 1;
  const StridedAxis row = outer < kept.rank ? kept.axes[outer] : StridedAxis{1, 1, 1};
  const int64_t length = std::clamp<int64_t>(kCheapElementsPerTask, 1, row.size);
  const int64_t pieces = (row.size + length - 1) / length;
  ParallelFor(kept.Steps(outer) * pieces, std::max<int64_t>(1, kCheapElementsPerTask / (length * repeats)),
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                  const Position at(kept.axes, outer, i / pieces);
                  const int64_t first = i % pieces * length, n = std::min(length, row.size - first);
                  const T* from = in + at.from + first * row.from;
                  T* to = out + at.to + first * row.to;
                  const int loops = sum_rows ? summed.rank - 1 : summed.rank;
                  Position over(summed.axes, loops, 0);
                  for (int64_t k = summed.Steps(loops); k > 0; --k, over.Next()) {
                    if (sum_rows)
                      *to += SumRow(summed.axes[loops], from + over.from);
                    else
                      AddRow(row, n, from + over.from, to);
                  }
                }
              });
}

template void AddStrided(const StridedAxes&, const float*, float*);
template void AddStrided(const StridedAxes&, const double*, double*);
template void AddStrided(const StridedAxes&, const int32_t*, int32_t*);
template void AddStrided(const StridedAxes&, const int64_t*, int64_t*);

}  // namespace paddle::math
