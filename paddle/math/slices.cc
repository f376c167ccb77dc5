#include "paddle/math/slices.h"

#include <algorithm>
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/math/sum.h"

namespace paddle::math {
namespace {

// Calls f(target row, source row) for all indices, each thread for target rows of its own, so that the order of what
// meets in a row is that of the indices. Rows are numbered o * size + index and o * count + i.
template <class F>
void ForEachTarget(const SliceShape& shape, int64_t bytes, std::span<const int64_t> index, const F& f) {
  const auto count = static_cast<int64_t>(index.size());
  const int64_t rows = shape.outer * shape.size;
  if (count == 0 || rows == 0) return;
  // Work is a row for each index, not for each target.
  const int64_t work = std::max<int64_t>(1, bytes * count / shape.size);
  ParallelFor(rows, std::max<int64_t>(1, kBytesPerTask / work), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin / shape.size; o * shape.size < end; ++o) {
      const int64_t low = begin - o * shape.size, high = end - o * shape.size;
      for (int64_t i = 0; i < count; ++i)
        if (index[i] >= low && index[i] < high) f(o * shape.size + index[i], o * count + i);
    }
  });
}

}  // namespace

void TakeSlices(const SliceShape& shape, size_t element, const std::byte* x, std::span<const int64_t> index,
                std::byte* out) {
  const auto count = static_cast<int64_t>(index.size());
  const int64_t bytes = shape.inner * static_cast<int64_t>(element);
  if (count == 0 || bytes == 0) return;
  ParallelFor(shape.outer * count, std::max<int64_t>(1, kBytesPerTask / bytes), [&](int64_t begin, int64_t end) {
    int64_t o = begin / count, i = begin % count;
    for (int64_t row = begin; row < end; ++row) {
      std::memcpy(out + row * bytes, x + (o * shape.size + index[i]) * bytes, bytes);
      if (++i == count) {
        i = 0;
        ++o;
      }
    }
  });
}

void PutSlices(const SliceShape& shape, size_t element, const std::byte* x, std::span<const int64_t> index,
               std::byte* out) {
  const int64_t bytes = shape.inner * static_cast<int64_t>(element);
  if (bytes == 0) return;
  ForEachTarget(shape, bytes, index,
                [=](int64_t to, int64_t from) { std::memcpy(out + to * bytes, x + from * bytes, bytes); });
}

template <class T>
void AddSlices(const SliceShape& shape, const T* x, std::span<const int64_t> index, T* out) {
  const int64_t inner = shape.inner;
  ForEachTarget(shape, inner * static_cast<int64_t>(sizeof(T)), index,
                [=](int64_t to, int64_t from) { AddTo(x + from * inner, out + to * inner, inner); });
}

template void AddSlices(const SliceShape&, const float*, std::span<const int64_t>, float*);
template void AddSlices(const SliceShape&, const double*, std::span<const int64_t>, double*);
template void AddSlices(const SliceShape&, const int32_t*, std::span<const int64_t>, int32_t*);
template void AddSlices(const SliceShape&, const int64_t*, std::span<const int64_t>, int64_t*);
template void AddSlices(const SliceShape&, const uint8_t*, std::span<const int64_t>, uint8_t*);

}  // namespace paddle::math
