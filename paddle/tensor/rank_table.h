#pragma once
// The order in which the sequences of one LoD level are worked on step by step: longest first.

#include <vector>

#include "paddle/tensor/variable.h"

namespace paddle {

// What a variable of kind kRankTable holds.
struct RankTable {
  struct Item {
    int64_t index;  // the sequence's place in the tensor
    int64_t length;
  };

  // Of level `level` of a LoD. Throws InvalidArgument when there is no such level.
  RankTable(const Lod& lod, int level);

  int64_t sequences() const { return static_cast<int64_t>(items.size()); }
  int64_t longest() const { return items.empty() ? 0 : items.front().length; }
  // How many sequences have an element `step`: the first of the items.
  int64_t Active(int64_t step) const;

  std::vector<Item> items;  // longest first, ties in their order
  Lod lod;                  // the levels up to the one that was ranked
};

// The table that a variable holds. Throws InvalidArgument when it holds none.
const RankTable& RankTableOf(const Opaque& held);
void SetRankTable(RankTable table, Opaque* held);

}  // namespace paddle
