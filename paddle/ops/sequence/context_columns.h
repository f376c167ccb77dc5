#pragma once
// The rows around each row of a sequence, side by side: a convolution over rows as one product of matrices.

#include <algorithm>
#include <cstdint>

#include "paddle/math/gemm.h"
#include "paddle/op/infer.h"
#include "paddle/tensor/lod.h"

namespace paddle {

// What belongs to row t of a sequence: its rows t + start to t + start + length - 1.
struct ContextWindow {
  int64_t start = 0, length = 0;

  // How many rows windows reach over the first and the last row of a sequence.
  int64_t up() const { return std::max<int64_t>(0, -start); }
  int64_t down() const { return std::max<int64_t>(0, start + length - 1); }
};

// Checks X [rows, width], Filter [length * width, features] and the attributes; returns the dims of Out.
Dims CheckContextConv(const InferContext& context, const ContextWindow& window, int64_t stride);

// The product of columns and filter, and how much memory both together take.
PreparedGemm ContextProduct(const OpMetas& metas);

// columns[row] = the window of each row, [rows, length * width]. Rows outside of a sequence are rows of `padding`,
// [up + down, width], those in front of it first; zero where it is null.
template <class T>
void GatherContext(const ContextWindow& window, const Lod& lod, int64_t width, const T* x, const T* padding,
                   T* columns);

// The reverse: dx[row] = the sum of all places in `columns` that the row was copied to.
template <class T>
void SumContext(const ContextWindow& window, const Lod& lod, int64_t width, const T* columns, T* dx);

// The same for the rows of `padding`.
template <class T>
void SumContextPadding(const ContextWindow& window, const Lod& lod, int64_t width, const T* columns, T* d_padding);

}  // namespace paddle
