#include "paddle/device/buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>

#include "paddle/base/errors.h"
#include "paddle/base/flags.h"

namespace paddle {
namespace {

TEST(AllocatorTest, CountsAndAligns) {
  const MemoryStats before = CpuMemoryStats();
  {
    const BufferPtr block = SystemAllocator().Allocate(1000);
    EXPECT_GE(block->size(), 1000u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block->data()) % 64, 0u);
    EXPECT_GE(CpuMemoryStats().in_use, before.in_use + 1000);
  }
  EXPECT_EQ(CpuMemoryStats().in_use, before.in_use);
}

TEST(AllocatorTest, CachingReuses) {
  std::byte* first = CachingAllocator().Allocate(5000)->data();
  const uint64_t allocations = CpuMemoryStats().allocations;
  EXPECT_EQ(CachingAllocator().Allocate(4900)->data(), first);
  EXPECT_EQ(CpuMemoryStats().allocations, allocations);
  CachingAllocator().Trim();
}

constexpr size_t kMegabyte = size_t{1} << 20;

TEST(AllocatorTest, LargeBlocksShareMemoryWhateverTheirSizes) {
  CachingAllocator().Trim();
  const size_t before = CpuMemoryStats().in_use;
  CachingAllocator().Allocate(12 * kMegabyte);
  const uint64_t allocations = CpuMemoryStats().allocations;
  std::byte* first = nullptr;
  {
    const BufferPtr a = CachingAllocator().Allocate(5 * kMegabyte), b = CachingAllocator().Allocate(3 * kMegabyte),
                    c = CachingAllocator().Allocate(4 * kMegabyte);
    first = a->data();
    EXPECT_EQ(b->data(), first + 5 * kMegabyte);
    EXPECT_EQ(c->data(), first + 8 * kMegabyte);
  }
  EXPECT_EQ(CachingAllocator().Allocate(12 * kMegabyte)->data(), first);  // the parts grew together again
  EXPECT_EQ(CpuMemoryStats().allocations, allocations);
  CachingAllocator().Trim();
  EXPECT_EQ(CpuMemoryStats().in_use, before);
}

TEST(AllocatorTest, GrowingBlocksTakeThePlaceOfSmallerOnes) {
  CachingAllocator().Trim();
  const size_t before = CpuMemoryStats().in_use;
  for (size_t megabytes = 2; megabytes <= 40; ++megabytes) CachingAllocator().Allocate(megabytes * kMegabyte);
  EXPECT_LE(CpuMemoryStats().in_use, before + 45 * kMegabyte);
  CachingAllocator().Trim();
}

TEST(AllocatorTest, StepsOfRandomSizesSettle) {
  CachingAllocator().Trim();
  std::mt19937 random(1);
  uint64_t late = 0;
  for (int step = 0; step < 300; ++step) {
    const uint64_t allocations = CpuMemoryStats().allocations;
    std::vector<BufferPtr> held;
    for (int k = 0; k < 40; ++k) {
      const BufferPtr block = CachingAllocator().Allocate((1 + random() % 64) * kMegabyte / 4);
      std::memset(block->data(), k, 16);
      held.push_back(block);
      if (held.size() > 6) held.erase(held.begin() + static_cast<int>(random() % held.size()));
    }
    if (step >= 200) late += CpuMemoryStats().allocations - allocations;
  }
  EXPECT_LE(late, 10u);
  EXPECT_LE(CpuMemoryStats().in_use, 256 * kMegabyte);  // 7 of 16 MB at most are in use together
  CachingAllocator().Trim();
}

TEST(AllocatorTest, ThreadsGetBlocksOfTheirOwn) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < 300; ++i) {
        const size_t size = (1 + random() % 3) * kMegabyte;
        const BufferPtr a = CachingAllocator().Allocate(size), b = CachingAllocator().Allocate(size);
        for (const BufferPtr& block : {a, b}) std::memset(block->data() + size - 64, t + (block == a), 64);
        for (const BufferPtr& block : {a, b})
          if (static_cast<int>(block->data()[size - 1]) != t + (block == a)) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  CachingAllocator().Trim();
}

TEST(AllocatorTest, TheLimitIsAnErrorBeforeTheAllocation) {
  SetFlag("memory_limit_mb", "1");
  EXPECT_THROW(SystemAllocator().Allocate(size_t{1} << 30), ResourceExhausted);
  SetFlag("memory_limit_mb", "0");
  EXPECT_NO_THROW(SystemAllocator().Allocate(size_t{1} << 21));
}

TEST(AllocatorTest, CachedBlocksAreGivenBackBeforeTheLimitIsAnError) {
  CachingAllocator().Trim();
  SetFlag("memory_limit_mb", "64");
  for (size_t megabytes = 20; megabytes < 50; megabytes += 5)
    EXPECT_NO_THROW(CachingAllocator().Allocate(megabytes << 20)) << megabytes;
  EXPECT_THROW(CachingAllocator().Allocate(size_t{65} << 20), ResourceExhausted);
  SetFlag("memory_limit_mb", "0");
}

TEST(AllocatorTest, TheMachineIsALimit) {
  EXPECT_THROW(SystemAllocator().Allocate(size_t{1} << 46), ResourceExhausted);
  EXPECT_THROW(SystemAllocator().Allocate(~size_t{0}), InvalidArgument);
}

TEST(BufferTest, PackedCopiesAreKeptUntilTheNextWrite) {
  BufferPtr block = SystemAllocator().Allocate(64);
  const size_t before = CpuMemoryStats().in_use;
  int made = 0;
  const auto make = [&] {
    ++made;
    return SystemAllocator().Allocate(1024);
  };
  const BufferPtr first = block->Packed("a form", make);
  EXPECT_EQ(block->Packed("a form", make), first);
  EXPECT_NE(block->Packed("another", make), first);
  EXPECT_EQ(made, 2);
  EXPECT_EQ(CpuMemoryStats().in_use, before + 2 * 1024);
  block->MarkWritten();
  EXPECT_NE(block->Packed("a form", make), first);
  EXPECT_EQ(made, 3);
  block->MarkExposed();
  EXPECT_EQ(block->Packed("a form", make), nullptr);
  EXPECT_EQ(made, 3);
  block.reset();
  EXPECT_EQ(CpuMemoryStats().in_use, before - 64 + 1024);  // what we hold
}

TEST(BufferTest, ThreadsShareThePackedCopy) {
  const BufferPtr block = SystemAllocator().Allocate(64);
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        block->Packed("form", [&] {
          ++made;
          return SystemAllocator().Allocate(64);
        });
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

}  // namespace
}  // namespace paddle
