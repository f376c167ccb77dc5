#include "paddle/math/strided.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "paddle/math/slices.h"

namespace paddle::math {
namespace {

// Calls f(place in the source, place in the target) for all indices, in elements.
template <class F>
void Walk(std::span<const StridedAxis> axes, int64_t from, int64_t to, const F& f) {
  if (axes.empty()) return f(from, to);
  for (int64_t i = 0; i < axes[0].size; ++i) Walk(axes.subspan(1), from + i * axes[0].from, to + i * axes[0].to, f);
}

// A copy of elements of `size` bytes against one made element by element; `from` and `to` are where the first ones are.
void CheckCopy(const StridedAxes& axes, size_t size, int64_t from_count, int64_t to_count, int64_t from = 0,
               int64_t to = 0) {
  std::vector<std::byte> in(from_count * size), out(to_count * size, std::byte{7}), expected = out;
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::byte>(i * 37 + i / 251);
  Walk(axes.span(), from, to, [&](int64_t a, int64_t b) { std::memcpy(&expected[b * size], &in[a * size], size); });
  CopyStrided(axes, size, in.data() + from * size, out.data() + to * size);
  EXPECT_EQ(out, expected);
}

// Axis i of the target is axis order[i] of a row-major source.
StridedAxes Permuted(const std::vector<int64_t>& sizes, const std::vector<int>& order) {
  Dims out;
  for (const int axis : order) out.Append(sizes[axis]);
  const auto from = RowMajorStrides(Dims(sizes)), to = RowMajorStrides(out);
  StridedAxes axes;
  for (size_t i = 0; i < order.size(); ++i) axes.Append({out[static_cast<int>(i)], from[order[i]], to[i]});
  return axes;
}

TEST(Strided, PermutesAxes) {
  for (const size_t size : {1, 2, 4, 8, 16, 12}) {
    for (const auto& sizes : std::vector<std::vector<int64_t>>{
             {1, 1, 1}, {2, 3, 4}, {33, 2, 65}, {5, 1, 7}, {100, 37, 3}, {40, 33, 64}, {0, 3, 2}}) {
      std::vector<int> order{0, 1, 2};
      const int64_t count = sizes[0] * sizes[1] * sizes[2];
      do CheckCopy(Permuted(sizes, order), size, count, count);
      while (std::next_permutation(order.begin(), order.end()));
    }
  }
}

TEST(Strided, PermutesManyAxes) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<int64_t> sizes(5);
    int64_t count = 1;
    for (auto& n : sizes) count *= n = 1 + static_cast<int64_t>(random() % 6);
    std::vector<int> order(5);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    CheckCopy(Permuted(sizes, order), 4, count, count);
  }
}

TEST(Strided, ReversesRepeatsAndCuts) {
  CheckCopy({{5, -3, 3}, {3, -1, 1}}, 4, 15, 15, 14);                  // backwards
  CheckCopy({{4, 0, 6}, {2, 3, 3}, {3, 1, 1}}, 8, 6, 24);              // repeated
  CheckCopy({{3, 10, 2}, {2, 3, 1}}, 2, 40, 6, 11);                    // steps
  CheckCopy({{3, 4, 10}, {4, 1, 1}}, 1, 12, 60, 0, 21);                // into a larger one
  CheckCopy({{7, 1, 1}, {9, 0, 7}}, 4, 7, 63);                         // columns repeated
  CheckCopy({}, 4, 1, 1);                                              // one element
  CheckCopy({{300000, 1, 1}}, 4, 300000, 300000);                      // one long run
  CheckCopy({{3, 100000, 200000}, {70000, 1, 1}}, 1, 300000, 600000);  // long runs
  CheckCopy({{100000, 2, 1}}, 8, 200000, 100000);                      // one long row of steps
}

template <class T>
void CheckAdd(const StridedAxes& axes, int64_t from_count, int64_t to_count) {
  std::vector<T> in(from_count), out(to_count, T(3)), expected = out;
  for (int64_t i = 0; i < from_count; ++i) in[i] = static_cast<T>(i % 23 - 11);
  Walk(axes.span(), 0, 0, [&](int64_t a, int64_t b) { expected[b] += in[a]; });
  AddStrided(axes, in.data(), out.data());
  EXPECT_EQ(out, expected);  // exact: the sums are small integers
}

TEST(Strided, AddsWhatMeets) {
  const auto check = [](const StridedAxes& axes, int64_t from, int64_t to) {
    CheckAdd<float>(axes, from, to);
    CheckAdd<double>(axes, from, to);
    CheckAdd<int32_t>(axes, from, to);
    CheckAdd<int64_t>(axes, from, to);
  };
  check({{4, 6, 0}, {2, 3, 3}, {3, 1, 1}}, 24, 6);  // rows repeated
  check({{7, 5, 1}, {5, 1, 0}}, 35, 7);             // columns repeated
  check({{20, 1, 0}}, 20, 1);                       // a sum
  check({{2, 24, 0}, {3, 8, 2}, {4, 2, 0}, {2, 1, 1}}, 48, 6);
  check({{1000, 300, 0}, {300, 1, 1}}, 300000, 300);
  check({{30000, 2, 1}, {2, 1, 0}}, 60000, 30000);
  check({{0, 1, 0}, {3, 1, 1}}, 3, 3);
  check({{3, 1, 1}}, 3, 3);
}

TEST(Slices, TakePutAdd) {
  const SliceShape shape{3, 5, 4};
  std::vector<float> x(60);
  std::iota(x.begin(), x.end(), 0.0F);
  const std::vector<int64_t> index{4, 0, 4};
  std::vector<float> taken(3 * 3 * 4), put(60, -1), added(60, 1);
  TakeSlices(shape, sizeof(float), reinterpret_cast<const std::byte*>(x.data()), index,
             reinterpret_cast<std::byte*>(taken.data()));
  PutSlices(shape, sizeof(float), reinterpret_cast<const std::byte*>(taken.data()), index,
            reinterpret_cast<std::byte*>(put.data()));
  AddSlices(shape, taken.data(), index, added.data());
  for (int o = 0; o < 3; ++o)
    for (int k = 0; k < 5; ++k)
      for (int j = 0; j < 4; ++j) {
        const int at = (o * 5 + k) * 4 + j;
        EXPECT_EQ(put[at], k == 0 || k == 4 ? x[at] : -1);
        EXPECT_EQ(added[at], 1 + x[at] * (k == 4 ? 2 : k == 0 ? 1 : 0));
      }
  for (int o = 0; o < 3; ++o)
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 4; ++j) EXPECT_EQ(taken[(o * 3 + i) * 4 + j], x[(o * 5 + index[i]) * 4 + j]);
}

}  // namespace
}  // namespace paddle::math
