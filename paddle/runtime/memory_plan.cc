#include "paddle/runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "paddle/base/errors.h"

namespace paddle {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kMost = size_t{1} << 47;  // far below where the sum of two offsets overflows

}  // namespace

size_t PlaceIntervals(std::vector<Interval>* intervals, int number) {
  std::vector<size_t> order(intervals->size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return (*intervals)[a].bytes > (*intervals)[b].bytes; });
  std::vector<const Interval*> placed;  // by offset
  size_t arena = 0;
  for (const size_t index : order) {
    Interval& interval = (*intervals)[index];
    const size_t bytes = (interval.bytes + kAlign - 1) / kAlign * kAlign;
    if (interval.arena != number) continue;
    interval.offset = 0;
    if (bytes == 0) continue;
    for (const Interval* other : placed) {
      if (other->last < interval.first || other->first > interval.last) continue;
      if (interval.offset + bytes <= other->offset) break;
      interval.offset = std::max(interval.offset, (other->offset + other->bytes + kAlign - 1) / kAlign * kAlign);
    }
    arena = std::max(arena, interval.offset + bytes);
    if (arena > kMost) throw ResourceExhausted("the variables of one step would take more memory than any machine has");
    const auto at = std::upper_bound(placed.begin(), placed.end(), &interval,
                                     [](const Interval* a, const Interval* b) { return a->offset < b->offset; });
    placed.insert(at, &interval);
  }
  return arena;
}

}  // namespace paddle
