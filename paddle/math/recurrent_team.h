#pragma once
// How threads share a recurrent layer.

#include <algorithm>
#include <array>
#include <cstdint>

#include "paddle/base/function_ref.h"
#include "paddle/device/parallel.h"

namespace paddle {

// Shares of the sequences, and for each share so many members that split the hidden units among them and wait for each
// other once a product.
struct TeamLayout {
  int shares = 1, columns = 1;
};

// One member's part.
struct TeamPart {
  int share = 0, shares = 1;
  int column = 0, columns = 1;
  SpinBarrier* barrier = nullptr;
  int64_t round = 0;

  void Wait() {
    if (columns > 1) barrier->Wait(columns, &round);
  }
  // This member's part [Begin(n), End(n)) of n panels.
  int64_t Begin(int64_t n) const { return n * column / columns; }
  int64_t End(int64_t n) const { return n * (column + 1) / columns; }
};

// `longest` and `rows`: steps and tokens of the batch; `weight_bytes`: of the recurrent weight.
TeamLayout LayoutTeam(int threads, int64_t rows, int64_t longest, int64_t weight_bytes);

// Runs body(part) for each part of the layout at the same time.
void RunTeam(const TeamLayout& layout, FunctionRef<void(TeamPart&)> body);

}  // namespace paddle
