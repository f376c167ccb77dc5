#include "paddle/tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "paddle/tensor/variable.h"

namespace paddle {
namespace {

TEST(DimsTest, Products) {
  EXPECT_EQ(Dims({2, 3, 4}).numel(), 24);
  EXPECT_EQ(Dims().numel(), 1);
  EXPECT_EQ(Dims({2, -1}).numel(), -1);
  EXPECT_EQ(Dims({2, 0}).numel(), 0);
  EXPECT_THROW(Dims({int64_t{1} << 40, int64_t{1} << 40}).numel(), InvalidArgument);
  EXPECT_THROW(Dims({1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), InvalidArgument);
}

TEST(DimsTest, Axes) {
  EXPECT_EQ(NormalizeAxis(-1, 3), 2);
  EXPECT_THROW(NormalizeAxis(3, 3), InvalidArgument);
  EXPECT_TRUE(DimsAgree({2, -1}, {2, 5}));
  EXPECT_FALSE(DimsAgree({2, -1}, {3, 5}));
}

TEST(LodTest, OffsetsAndLengths) {
  const Lod lod = Lod::FromLengths({{2, 1}, {3, 0, 2}});
  EXPECT_EQ(lod.ToOffsets(), (std::vector<std::vector<int64_t>>{{0, 2, 3}, {0, 3, 3, 5}}));
  EXPECT_EQ(lod.rows(), 5);
  EXPECT_EQ(lod, Lod::FromOffsets(lod.ToOffsets()));
  const auto order = lod.ByLength();
  EXPECT_EQ(std::vector<int32_t>(order.begin(), order.end()), (std::vector<int32_t>{0, 2, 1}));
}

TEST(LodTest, Refuses) {
  EXPECT_THROW(Lod::FromOffsets({{}}), InvalidArgument);
  EXPECT_THROW(Lod::FromOffsets({{1, 2}}), InvalidArgument);
  EXPECT_THROW(Lod::FromOffsets({{0, 2, 1}}), InvalidArgument);
  EXPECT_THROW(Lod::FromOffsets({{0, 1}, {0, 1, 2}}), InvalidArgument);
  EXPECT_THROW(Lod::FromLengths({{-1}}), InvalidArgument);
  EXPECT_THROW(Lod::FromLengths({{2}}).CheckRows(3, "x"), InvalidArgument);
}

TEST(Float16Test, RoundTripsAllFiniteValues) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    Float16 half;
    half.bits = static_cast<uint16_t>(bits);
    const float value = half;
    if (std::isnan(value)) continue;
    EXPECT_EQ(Float16(value).bits, half.bits) << bits;
  }
}

TEST(Float16Test, Rounding) {
  EXPECT_EQ(Float16(65504.0f).bits, 0x7bff);
  EXPECT_EQ(Float16(65520.0f).bits, 0x7c00);
  EXPECT_EQ(Float16(0x1p-25f).bits, 0);
  EXPECT_EQ(Float16(0x1.8p-25f).bits, 1);
  EXPECT_EQ(BFloat16(1.00390625f).bits, 0x3f80);  // a tie goes to even
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(TensorTest, KeepsItsBlockWhenItIsTheOnlyOwner) {
  Tensor tensor({4, 4}, DType::kFloat32);
  const std::byte* first = tensor.raw();
  tensor.Allocate({2, 2}, DType::kFloat32, SystemAllocator());
  EXPECT_EQ(tensor.raw(), first);
  const Tensor other = tensor;
  tensor.Allocate({2, 2}, DType::kFloat32, SystemAllocator());
  EXPECT_NE(tensor.raw(), other.raw());
}

TEST(TensorTest, SizesThatDoNotFitAreAnError) {
  EXPECT_EQ(BytesOf(DType::kFloat64, {3, 5}), 120u);
  EXPECT_EQ(BytesOf(DType::kFloat64, {0, int64_t{1} << 62}), 0u);
  for (const Dims& dims :
       {Dims{int64_t{1} << 61}, Dims{int64_t{1} << 62, 2}, Dims{int64_t{1} << 40, 1 << 20}, Dims{-1}}) {
    EXPECT_THROW(BytesOf(DType::kFloat64, dims), InvalidArgument) << dims;
    EXPECT_THROW(Tensor(dims, DType::kFloat64), InvalidArgument) << dims;
  }
}

TEST(SelectedRowsTest, RowsAndValueMustAgree) {
  SelectedRows rows;
  EXPECT_NO_THROW(rows.CheckRows());
  rows.rows = {3, 1};
  EXPECT_THROW(rows.CheckRows(), InvalidArgument);
  rows.value = Tensor({2, 4}, DType::kFloat32);
  EXPECT_NO_THROW(rows.CheckRows());
  rows.rows.push_back(1);
  EXPECT_THROW(rows.CheckRows(), InvalidArgument);
}

TEST(LodTest, PrintsAFewOffsets) {
  EXPECT_EQ(StrCat(Lod::FromOffsets({{0, 1}, {0, 2}})), "[[0, 1], [0, 2]]");
  const std::string text = StrCat(Lod::FromLengths({std::vector<int64_t>(100000, 1)}));
  EXPECT_LT(text.size(), 120u);
  EXPECT_NE(text.find("... 99984 more ..., 100000]"), std::string::npos) << text;
}

TEST(TensorTest, ChecksTypeAndRoom) {
  Tensor tensor({2}, DType::kInt64);
  EXPECT_THROW(tensor.data<float>(), InvalidArgument);
  Tensor large;
  large.meta().dims = {100};
  EXPECT_THROW(large.Bind(tensor.buffer(), 0), Error);
  EXPECT_THROW(Tensor({-1}, DType::kInt64), InvalidArgument);
}

TEST(TensorTest, SizesOutOfAllBoundsAreRefused) {
  // In 64 bits the bytes of the first would be 8.
  for (const int64_t count : {(int64_t{1} << 61) + 1, int64_t{1} << 60, int64_t{1} << 48})
    EXPECT_THROW(Tensor({count}, DType::kFloat64), InvalidArgument);
}

}  // namespace
}  // namespace paddle
