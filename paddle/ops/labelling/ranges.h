#pragma once
// Where the sequences of an input lie, in both of its forms: grouped by a LoD, or padded with their lengths beside it.

#include <algorithm>
#include <vector>

#include "paddle/ops/sequence/sequence.h"

namespace paddle {

// The rows of one sequence, one after another.
struct RowRange {
  int64_t begin, length;
};

// An input of one length a sequence: [sequences] or [sequences, 1].
inline void CheckLengths(const InferContext& context, std::string_view slot, int64_t sequences) {
  context.CheckDType(slot, kIndices);
  const Dims& dims = context.In(slot).dims;
  const bool fits = dims.rank() == 1 || (dims.rank() == 2 && SizesAgree(dims[1], 1));
  Require(fits && SizesAgree(dims[0], sequences), "input ", slot, " has shape ", dims,
          "; expected a length for each of the ", sequences, " sequences: [", sequences, "] or [", sequences, ", 1]");
}

// An input of one integer for each element of a tensor of shape `dims`, which may end in a dimension of 1 more.
inline void CheckTokens(const InferContext& context, std::string_view slot, const Dims& dims) {
  context.CheckDType(slot, kIndices);
  const Dims& own = context.In(slot).dims;
  Dims column = dims;
  column.Append(1);
  Require(DimsAgree(own, dims) || DimsAgree(own, column), "input ", slot, " has shape ", own, "; expected ", dims,
          " or ", column);
}

// For run time: the rows of both inputs must be grouped into the same sequences.
inline void CheckSameSequences(const InferContext& context, std::string_view a, std::string_view b) {
  const Lod &x = RequireLod(context, a), &y = RequireLod(context, b);
  Require(std::ranges::equal(x.last(), y.last()), "input ", b, " has the LoD ", y, " and ", a, " ", x,
          "; expected the same sequences");
}

// The lengths in a tensor. Throws InvalidArgument for one below 0 or above `most`.
inline std::vector<int64_t> ReadLengths(const Tensor& lengths, std::string_view slot, int64_t most) {
  std::vector<int64_t> values = ToInt64s(lengths);
  for (size_t i = 0; i < values.size(); ++i)
    Require(values[i] >= 0 && values[i] <= most, slot, "[", i, "] is ", values[i], "; expected 0 <= length <= ", most,
            ", the size that sequences are padded to");
  return values;
}

// The sequences of x: padded [sequences, size, ...] with `lengths`, which slot `slot` holds; else by x's LoD.
inline std::vector<RowRange> RangesOf(const Tensor& x, const Tensor* lengths, std::string_view slot) {
  std::vector<RowRange> ranges;
  if (lengths) {
    for (const int64_t length : ReadLengths(*lengths, slot, x.dim(1)))
      ranges.push_back({static_cast<int64_t>(ranges.size()) * x.dim(1), length});
  } else {
    const auto offsets = x.lod().last();
    for (size_t s = 0; s + 1 < offsets.size(); ++s) ranges.push_back({offsets[s], offsets[s + 1] - offsets[s]});
  }
  return ranges;
}

// How many sequences make a task of at least 10 us, where a row takes `row_cost` additions or so.
inline int64_t SequencesPerTask(const std::vector<RowRange>& ranges, int64_t row_cost) {
  constexpr int64_t kTaskCost = 16384;
  int64_t cost = 1;
  for (const RowRange& range : ranges) cost += range.length * row_cost;
  return std::max<int64_t>(1, kTaskCost * static_cast<int64_t>(ranges.size()) / cost);
}

// Groups the rows of `output`, one a sequence of `input`, by the outer levels of the input's LoD.
inline void SetOuterLod(InferContext& context, std::string_view input, std::string_view output) {
  const TensorMeta& meta = context.In(input);
  if (context.building()) {
    context.SetLodLevel(output, std::max(0, meta.lod_level - 1));
  } else if (meta.lod.levels() > 1) {
    auto outer = meta.lod.ToOffsets();
    outer.pop_back();
    context.SetLod(output, Lod::FromOffsets(std::move(outer)));
  }
}

}  // namespace paddle
