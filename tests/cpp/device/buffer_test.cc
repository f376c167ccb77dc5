#include "paddle/device/buffer.h"

#include <gtest/gtest.h>

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
