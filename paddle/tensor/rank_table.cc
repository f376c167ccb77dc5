#include "paddle/tensor/rank_table.h"

#include <algorithm>

namespace paddle {

using TablePtr = std::shared_ptr<const RankTable>;

RankTable::RankTable(const Lod& from, int level) {
  const auto offsets = from.offsets(level);
  for (size_t i = 0; i + 1 < offsets.size(); ++i)
    items.push_back({static_cast<int64_t>(i), offsets[i + 1] - offsets[i]});
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.length > b.length; });
  auto levels = from.ToOffsets();
  levels.resize(level + 1);
  lod = Lod::FromOffsets(std::move(levels));
}

int64_t RankTable::Active(int64_t step) const {
  const auto end =
      std::partition_point(items.begin(), items.end(), [&](const Item& item) { return item.length > step; });
  return end - items.begin();
}

const RankTable& RankTableOf(const Opaque& held) {
  const auto* table = std::any_cast<TablePtr>(&held.value);
  Require(table != nullptr, "the variable holds no rank table: the op lod_rank_table that makes it did not run");
  return **table;
}

void SetRankTable(RankTable table, Opaque* held) {
  held->value = TablePtr(std::make_shared<const RankTable>(std::move(table)));
}

}  // namespace paddle
