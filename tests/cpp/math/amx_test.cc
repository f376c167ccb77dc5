#include "paddle/math/amx.h"

#include <gtest/gtest.h>

#include <vector>

#include "paddle/math/bfloat16.h"

namespace paddle {
namespace {

// Whole numbers: their sums are exact.
std::vector<BFloat16> Numbers(int64_t n, int step) {
  std::vector<BFloat16> values(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) values[i] = Kept<BFloat16>(static_cast<float>(i * step % 13 - 6));
  return values;
}

TEST(AmxTest, SumsOfProducts) {
  if (!amx::Available()) GTEST_SKIP() << "no tile unit";
  const amx::Setup setup(true);
  for (const int64_t depth : {32, 96, 512}) {
    const auto left = Numbers(amx::kRows * depth, 7), right = Numbers(depth * amx::kColumns, 5);
    for (const int rows : {1, 16, 17, 32}) {
      std::vector<float> out(amx::kRows * amx::kColumns, -1);
      amx::Product(rows, left.data(), right.data(), depth, out.data());
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < amx::kColumns; ++c) {
          float sum = 0;
          for (int64_t i = 0; i < depth; ++i)
            sum += left[r * depth + i] * right[i / 2 * 2 * amx::kColumns + 2 * c + i % 2];
          ASSERT_EQ(out[r * amx::kColumns + c], sum) << "row " << r << ", column " << c << " of depth " << depth;
        }
    }
  }
}

TEST(BFloat16Test, KeptRoundsAsTheConstructor) {
  for (const float value : {0.0f, -0.0f, 1.00390625f, 1.01171875f, 3.4e38f, 1e-40f, -2.71828f}) {
    EXPECT_EQ(Kept<BFloat16>(value).bits, BFloat16(value).bits) << value;
    EXPECT_EQ(Kept<float>(value), value);
  }
}

}  // namespace
}  // namespace paddle
