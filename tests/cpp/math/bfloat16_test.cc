#include "paddle/math/bfloat16.h"

#include <gtest/gtest.h>

#include <vector>

#include "paddle/math/amx.h"
#include "paddle/math/dot_bf16.h"

namespace paddle {
namespace {

// Whole numbers: their sums are exact.
std::vector<BFloat16> Numbers(int64_t n, int step) {
  std::vector<BFloat16> values(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) values[i] = Kept<BFloat16>(static_cast<float>(i * step % 13 - 6));
  return values;
}

// Compares a product of up to `most_rows` rows and `columns` columns, whose right matrix holds pairs of rows.
template <class Product>
void CheckProduct(int most_rows, int columns, std::vector<int> heights, Product product) {
  for (const int64_t depth : {32, 96, 512}) {
    const auto left = Numbers(most_rows * depth, 7), right = Numbers(depth * columns, 5);
    for (const int rows : heights) {
      std::vector<float> out(static_cast<size_t>(most_rows * columns), -1);
      product(rows, left.data(), right.data(), depth, out.data());
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c) {
          float sum = 0;
          for (int64_t i = 0; i < depth; ++i) sum += left[r * depth + i] * right[i / 2 * 2 * columns + 2 * c + i % 2];
          ASSERT_EQ(out[r * columns + c], sum) << "row " << r << ", column " << c << " of depth " << depth;
        }
    }
  }
}

TEST(BFloat16Test, TileUnit) {
  if (!amx::Available()) GTEST_SKIP() << "no tile unit";
  const amx::Setup setup(true);
  CheckProduct(amx::kRows, amx::kColumns, {1, 16, 17, 32}, amx::Product);
}

TEST(BFloat16Test, DotProducts) {
  if (!dot_bf16::Available()) GTEST_SKIP() << "no dot products of bfloat16";
  CheckProduct(dot_bf16::kRows, dot_bf16::kColumns, {1, 2, 3, 4, 5, 6}, dot_bf16::Product);
}

TEST(BFloat16Test, KeptRoundsAsTheConstructor) {
  for (const float value : {0.0f, -0.0f, 1.00390625f, 1.01171875f, 3.4e38f, 1e-40f, -2.71828f}) {
    EXPECT_EQ(Kept<BFloat16>(value).bits, BFloat16(value).bits) << value;
    EXPECT_EQ(Kept<float>(value), value);
  }
}

}  // namespace
}  // namespace paddle
