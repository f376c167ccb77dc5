#pragma once
// Attributes of sequence_expand, and what it and sequence_expand_as (NoAttrs) repeat.

#include <span>
#include <vector>

#include "paddle/op/attributes.h"
#include "paddle/tensor/lod.h"

namespace paddle {

struct SequenceExpandAttrs {
  int32_t ref_level = -1;

  static auto Fields() {
    return std::tuple{
        Field{"ref_level", &SequenceExpandAttrs::ref_level, "The level of Y's LoD that counts; -1: the last."}};
  }
};

// Piece i of X, rows [begin(i), begin(i + 1)), comes repeats(i) times in a row.
struct Pieces {
  std::span<const int64_t> x;  // offsets; empty: each row is a piece
  std::span<const int64_t> y;  // piece i is repeated y[i + 1] - y[i] times

  int64_t count() const { return static_cast<int64_t>(y.size()) - 1; }
  int64_t begin(int64_t i) const { return x.empty() ? i : x[i]; }
  int64_t rows(int64_t i) const { return begin(i + 1) - begin(i); }
  int64_t repeats(int64_t i) const { return y[i + 1] - y[i]; }
  int64_t total() const {
    int64_t sum = 0;
    for (int64_t i = 0; i < count(); ++i) sum += rows(i) * repeats(i);
    return sum;
  }
};

// The level of Y's LoD that counts.
inline int RefLevel(const SequenceExpandAttrs& attrs, const Lod& y) {
  return attrs.ref_level < 0 ? y.levels() - 1 : attrs.ref_level;
}
inline int RefLevel(const NoAttrs&, const Lod& y) { return y.levels() - 1; }

inline Pieces PiecesOf(const SequenceExpandAttrs& attrs, const Lod& x, const Lod& y) {
  return {x.empty() ? std::span<const int64_t>() : x.last(), y.offsets(RefLevel(attrs, y))};
}
inline Pieces PiecesOf(const NoAttrs& attrs, const Lod&, const Lod& y) { return {{}, y.offsets(RefLevel(attrs, y))}; }

// The LoD of Out: the pieces, each repetition a sequence; none where X has none.
inline Lod OutLod(const SequenceExpandAttrs&, const Pieces& pieces, const Lod&) {
  if (pieces.x.empty()) return {};
  std::vector<int64_t> offsets{0};
  for (int64_t i = 0; i < pieces.count(); ++i)
    for (int64_t k = 0; k < pieces.repeats(i); ++k) offsets.push_back(offsets.back() + pieces.rows(i));
  return Lod::FromOffsets({std::move(offsets)});
}
inline Lod OutLod(const NoAttrs&, const Pieces&, const Lod& y) { return y; }

}  // namespace paddle
