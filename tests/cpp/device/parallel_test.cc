#include "paddle/device/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "paddle/base/errors.h"

namespace paddle {
namespace {

TEST(ParallelForTest, CoversEachElementOnce) {
  const int threads = NumThreads();
  for (const int count : {1, 2, 3}) {
    SetNumThreads(count);
    for (const int64_t n : {0, 1, 7, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(n));
      ParallelFor(n, 3, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
      });
      for (const auto& times : seen) EXPECT_EQ(times.load(), 1);
    }
  }
  SetNumThreads(threads);
}

TEST(ParallelForTest, CarriesExceptionsOut) {
  EXPECT_THROW(ParallelFor(100, 1, [](int64_t begin, int64_t) { Require(begin > 50, "no"); }), InvalidArgument);
}

TEST(ParallelForTest, SerialWhenNested) {
  std::atomic<int> calls{0};
  ParallelFor(2, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      ParallelFor(100, 1, [&](int64_t from, int64_t to) { calls += from == 0 && to == 100; });
  });
  EXPECT_EQ(calls.load(), 2);
}

TEST(NumThreadsTest, Range) {
  EXPECT_THROW(SetNumThreads(0), InvalidArgument);
  EXPECT_THROW(SetNumThreads(2000), InvalidArgument);
}

}  // namespace
}  // namespace paddle
