#pragma once
// Sums over the rows of a matrix on the GPU; the same order, so the same bits, every time.

#include "paddle/math/cuda/launch.h"

namespace paddle::cuda {

// sums[column] = the sum of x[row][column] over all rows.
template <class T>
void ColumnSums(const CudaContext& context, int64_t rows, int64_t columns, const T* x, T* sums) {
  // Neighbouring threads read neighbouring columns. The rows are cut in parts, so that the whole GPU has work.
  const int64_t parts = std::clamp<int64_t>(rows / 32, 1, 64);
  BufferPtr memory;
  T* partial = sums;
  if (parts > 1) {
    memory = context.allocator().Allocate(static_cast<size_t>(parts * columns) * sizeof(T));
    partial = reinterpret_cast<T*>(memory->data());
  }
  ForEach(context, parts * columns, [=] __device__(int64_t task) {
    const int64_t part = task / columns, column = task % columns, end = rows * (part + 1) / parts;
    T sum = 0;
    for (int64_t row = rows * part / parts; row < end; ++row) sum += x[row * columns + column];
    partial[task] = sum;
  });
  if (parts > 1)
    ForEach(context, columns, [=] __device__(int64_t column) {
      T sum = 0;
      for (int64_t part = 0; part < parts; ++part) sum += partial[part * columns + column];
      sums[column] = sum;
    });
}

}  // namespace paddle::cuda
