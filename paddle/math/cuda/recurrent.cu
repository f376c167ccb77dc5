#include <algorithm>

#include "paddle/math/cuda/recurrent.h"

namespace paddle::cuda {
namespace {

constexpr int64_t kLeastRows = 8, kTile = 64, kMostSteps = 8;

// What follows `rows`: twice as many within a tile, then whole tiles, not too many different numbers.
int64_t NextSize(int64_t rows, int64_t most) {
  if (rows < kTile) return rows * 2;
  return rows + std::max(kTile, most / kMostSteps / kTile * kTile);
}

}  // namespace

StepProducts::StepProducts(const CudaContext& context, DType dtype, GemmShape shape) {
  const int64_t most = shape.m;
  for (int64_t rows = kLeastRows; rows < most; rows = NextSize(rows, most)) {
    shape.m = rows;
    products_.emplace_back(rows, PreparedGemm(context, dtype, shape));
  }
  shape.m = most;
  products_.emplace_back(most, PreparedGemm(context, dtype, shape));
}

size_t StepProducts::scratch_bytes() const {
  size_t most = 0;
  for (const auto& entry : products_) most = std::max(most, entry.second.scratch_bytes());
  return most;
}

}  // namespace paddle::cuda
