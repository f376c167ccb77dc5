#include "paddle/device/parallel.h"

#include <gtest/gtest.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
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

TEST(ParallelScopeTest, KeepsTheCountOfARun) {
  const int threads = NumThreads();
  {
    const ParallelScope outer(3);
    SetNumThreads(5);
    EXPECT_EQ(NumThreads(), 3);
    {
      const ParallelScope inner(2);
      EXPECT_EQ(NumThreads(), 2);
      EXPECT_EQ(omp_get_max_threads(), 2);
    }
    EXPECT_EQ(NumThreads(), 3);
    EXPECT_EQ(omp_get_max_threads(), 3);
    std::thread([] { EXPECT_EQ(NumThreads(), 5); }).join();
  }
  EXPECT_EQ(NumThreads(), 5);
  SetNumThreads(threads);
}

TEST(NumThreadsTest, OneInAForkedChild) {
  const int threads = NumThreads();
  SetNumThreads(3);
  ParallelFor(100, 1, [](int64_t, int64_t) {});
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    const ParallelScope scope(3);
    std::atomic<int> parts{0};
    ParallelFor(100, 1, [&](int64_t, int64_t) { ++parts; });
#pragma omp parallel  // as a library would
    ++parts;
    _exit(NumThreads() == 1 && parts == 2 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  SetNumThreads(threads);
}

TEST(NumThreadsTest, Range) {
  EXPECT_THROW(SetNumThreads(0), InvalidArgument);
  EXPECT_THROW(SetNumThreads(2000), InvalidArgument);
}

}  // namespace
}  // namespace paddle
