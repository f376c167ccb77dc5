#include "paddle/math/recurrent_team.h"

namespace paddle {
namespace {

constexpr int kMostShares = 64;

}  // namespace

TeamLayout LayoutTeam(int threads, int64_t rows, int64_t longest, int64_t weight_bytes) {
  // What one thread needs for a step: arithmetic at 80 GFLOP/s, or reading the weight at 40 GB/s.
  const double rows_a_step = static_cast<double>(rows) / static_cast<double>(std::max<int64_t>(longest, 1));
  const double step_us = static_cast<double>(weight_bytes) * std::max(rows_a_step / 160e3, 1 / 40e3);
  // Sequences are independent, so shares of them never wait; but each share reads the whole weight at each step. That
  // is hidden behind the arithmetic as long as a share has rows enough, the fewer the smaller the weight.
  const double rows_a_share = weight_bytes <= (int64_t{8} << 20) ? 6 : 96;
  const double work_us = step_us * static_cast<double>(longest);
  const int most_shares =
      static_cast<int>(std::clamp(std::min(rows_a_step / rows_a_share, work_us / 20), 1.0, double{kMostShares}));
  TeamLayout layout;
  for (int shares = 1; shares <= std::min(threads, most_shares); ++shares)
    if (threads % shares == 0) layout.shares = shares;
  // Waiting for each other costs about a microsecond a product.
  const int most_columns = static_cast<int>(std::clamp(step_us / layout.shares / 5, 1.0, 1024.0));
  layout.columns = std::min(threads / layout.shares, most_columns);
  return layout;
}

void RunTeam(const TeamLayout& layout, FunctionRef<void(TeamPart&)> body) {
  std::array<SpinBarrier, kMostShares> barriers;
  ParallelTeam(layout.shares * layout.columns, [&](int member, int size) {
    TeamPart part;
    if (size == layout.shares * layout.columns) {
      part.shares = layout.shares;
      part.columns = layout.columns;
      part.share = member / layout.columns;
      part.column = member % layout.columns;
      part.barrier = &barriers[part.share];
      return body(part);
    }
    if (member == 0) body(part);  // fewer threads than planned: one does it all
  });
}

}  // namespace paddle
