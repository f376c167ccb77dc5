#pragma once
// What the sequence ops share.

#include <algorithm>
#include <cstring>
#include <string_view>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/op/infer.h"

namespace paddle {

// The LoD of an input whose rows must be grouped into sequences. For run time: while building only the depth is known.
inline const Lod& RequireLod(const InferContext& context, std::string_view input, int i = 0) {
  const TensorMeta& meta = context.In(input, i);
  Require(!meta.lod.empty(), "input ", input, " of shape ", meta.dims,
          " has no LoD: its rows are not grouped into sequences; feed it as a LoDTensor (fluid.create_lod_tensor) or "
          "give it a LoD with lod_reset");
  meta.lod.CheckRows(meta.rank() ? meta.dims[0] : 0, "the input");
  return meta.lod;
}

// Checks that X is a column of ids with a LoD.
inline void CheckColumnOfIds(const InferContext& context) {
  context.CheckDType("X", kIndices);
  context.CheckRank("X", 2, 2);
  const Dims& dims = context.In("X").dims;
  Require(SizesAgree(dims[1], 1), "input X has shape ", dims, "; expected one id a row: [rows, 1]");
  if (!context.building()) RequireLod(context, "X");
}

// Number of elements in one row of a tensor of these dims.
inline int64_t RowSize(const Dims& dims) { return dims.Product(1, dims.rank()); }
inline int64_t RowBytes(const TensorMeta& meta) {
  return RowSize(meta.dims) * static_cast<int64_t>(SizeOf(meta.dtype));
}

// The elements of `from`, unless `to` shares its memory.
inline void CopyBytes(const Tensor& from, Tensor* to) {
  if (to->raw() != from.raw() && from.bytes()) std::memcpy(to->mutable_raw(), from.raw(), from.bytes());
}

// Elements of memory bound work that are worth a thread of their own.
// Calls f(s, first row, row behind the last) for each sequence of the last level, on all threads. `width`: elements of
// a row.
template <class F>
void ForSequences(const Lod& lod, int64_t width, F f) {
  const auto offsets = lod.last();
  const auto sequences = static_cast<int64_t>(offsets.size()) - 1;
  const int64_t size = std::max<int64_t>(1, (lod.rows() + sequences) * width / std::max<int64_t>(1, sequences));
  ParallelFor(sequences, std::max<int64_t>(1, kCheapElementsPerTask / size), [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) f(s, offsets[s], offsets[s + 1]);
  });
}

// Calls f(row, s, first row of s, row behind the last) for each row and its sequence s, on all threads: long sequences
// are shared.
template <class F>
void ForRows(const Lod& lod, int64_t width, F f) {
  const auto offsets = lod.last();
  const int64_t grain = std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(1, width));
  ParallelFor(lod.rows(), grain, [&](int64_t begin, int64_t end) {
    auto next = std::upper_bound(offsets.begin(), offsets.end(), begin);
    for (int64_t row = begin; row < end; ++row) {
      while (*next <= row) ++next;
      f(row, next - offsets.begin() - 1, next[-1], *next);
    }
  });
}

// The same levels with other offsets in the last one, for as many sequences.
inline Lod WithLastLevel(const Lod& lod, std::vector<int64_t> offsets) {
  auto levels = lod.ToOffsets();
  levels.back() = std::move(offsets);
  return Lod::FromOffsets(std::move(levels));
}

// The steps of a LoDTensor [rows, width] or, with as many steps each, of a batch [sequences, steps, width].
inline Lod StepsOf(const Tensor& x) {
  if (x.rank() == 2) return x.lod();
  return Lod::FromLengths({std::vector<int64_t>(x.dim(0), x.dim(1))});
}

// Checks that an input is one of those.
inline void CheckSteps(const InferContext& context, std::string_view input) {
  context.CheckRank(input, 2, 3);
  if (!context.building() && context.In(input).rank() == 2) RequireLod(context, input);
}

}  // namespace paddle
