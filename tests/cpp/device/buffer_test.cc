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

TEST(BufferTest, PackedCopiesFollowTheVersion) {
  const BufferPtr block = SystemAllocator().Allocate(64);
  int made = 0;
  const auto make = [&] {
    ++made;
    return std::make_shared<const int>(made);
  };
  EXPECT_EQ(*block->Packed<int>("key", make), 1);
  EXPECT_EQ(*block->Packed<int>("key", make), 1);
  EXPECT_EQ(*block->Packed<int>("other", make), 2);
  block->MarkWritten();
  EXPECT_EQ(*block->Packed<int>("key", make), 3);
  block->MarkExposed();
  EXPECT_EQ(*block->Packed<int>("key", make), 4);
  EXPECT_EQ(*block->Packed<int>("key", make), 5);
}

}  // namespace
}  // namespace paddle
