#pragma once
// A tensor and the pieces that it falls into along an axis: what concat, split, stack and their like have in common.

#include "paddle/math/strided.h"
#include "paddle/op/registry.h"

namespace paddle {

// Copies between rows of `width` elements: one every `from` elements to one every `to`.
inline void CopyRows(int64_t rows, int64_t width, const std::byte* in, int64_t from, std::byte* out, int64_t to,
                     size_t size) {
  math::CopyStrided({{rows, from, to}, {width, 1, 1}}, size, in, out);
}

// Puts the pieces side by side along `axis` of `whole`.
inline void JoinPieces(Span<const Tensor> pieces, int axis, Tensor& whole) {
  const int64_t rows = whole.dims().Product(0, axis), row = rows ? whole.numel() / rows : 0;
  if (row == 0) return;
  const size_t size = SizeOf(whole.dtype());
  int64_t at = 0;
  for (const Tensor* piece : pieces) {
    const int64_t width = piece->numel() / rows;
    CopyRows(rows, width, piece->raw(), width, whole.mutable_raw() + at * size, row, size);
    at += width;
  }
}

// Cuts `whole` along `axis` into pieces of width(i) elements for each index of the axes before; those that are null are
// left out.
template <class Width>
void CutPieces(const Tensor& whole, int axis, Span<Tensor> pieces, const Width& width) {
  const int64_t rows = whole.dims().Product(0, axis), row = rows ? whole.numel() / rows : 0;
  if (row == 0) return;
  const size_t size = SizeOf(whole.dtype());
  int64_t at = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const int64_t n = width(i);
    if (pieces[i]) CopyRows(rows, n, whole.raw() + at * size, row, pieces[i]->mutable_raw(), n, size);
    at += n;
  }
}

}  // namespace paddle
