#include "paddle/device/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <utility>
#include <vector>

#include "paddle/base/errors.h"
#include "paddle/base/flags.h"

namespace paddle {

Buffer::Buffer(std::byte* data, size_t size, Place place, std::function<void(std::byte*, size_t)> release)
    : data_(data), size_(size), place_(place), release_(std::move(release)) {}

Buffer::~Buffer() {
  if (release_) release_(data_, size_);
}

Allocator::~Allocator() = default;

namespace {

constexpr size_t kAlign = 64;
constexpr size_t kHugePage = size_t{2} << 20;

std::atomic<size_t> g_in_use{0}, g_peak{0};
std::atomic<uint64_t> g_allocations{0};

size_t CgroupLimit() {
  std::ifstream file("/sys/fs/cgroup/memory.max");
  size_t bytes = 0;
  return file >> bytes ? bytes : std::numeric_limits<size_t>::max();
}

size_t Limit() {
  static const size_t cgroup = CgroupLimit();
  const size_t set = MemoryLimitBytes();
  return set ? set : cgroup;
}

void Count(size_t bytes) {
  const size_t now = g_in_use.fetch_add(bytes) + bytes;
  if (now > Limit()) {
    g_in_use.fetch_sub(bytes);
    throw ResourceExhausted(StrCat("tensors would take ", now, " bytes: ", bytes, " more than the ", now - bytes,
                                   " in use, and the limit is ", Limit(),
                                   "; use a smaller batch, or raise FLAGS_memory_limit_mb"));
  }
  size_t peak = g_peak.load();
  while (peak < now && !g_peak.compare_exchange_weak(peak, now)) {
  }
}

class System final : public Allocator {
 public:
  BufferPtr Allocate(size_t bytes) override {
    Require(bytes <= (size_t{1} << 46), "a tensor of ", bytes, " bytes cannot be allocated");
    const bool huge = bytes >= 2 * kHugePage;
    const size_t align = huge ? kHugePage : kAlign;
    const size_t size = (std::max(bytes, kAlign) + kAlign - 1) / kAlign * kAlign;
    Count(size);
    void* data = std::aligned_alloc(align, (size + align - 1) / align * align);
    if (!data) {
      g_in_use.fetch_sub(size);
      throw ResourceExhausted(StrCat("the system has no ", bytes, " bytes of memory left"));
    }
    if (huge) madvise(data, size, MADV_HUGEPAGE);  // first touch of fresh memory is slow: fewer, larger pages
    ++g_allocations;
    return std::make_shared<Buffer>(static_cast<std::byte*>(data), size, Place{}, [](std::byte* p, size_t n) {
      std::free(p);
      g_in_use.fetch_sub(n);
    });
  }
};

// Blocks are rounded to powers of two (with three steps between) and kept in one list a size.
class Caching final : public Allocator {
 public:
  BufferPtr Allocate(size_t bytes) override {
    const size_t size = RoundUp(bytes);
    BufferPtr block;
    {
      std::scoped_lock lock(mutex_);
      auto& list = free_[size];
      if (!list.empty()) {
        block = std::move(list.back());
        list.pop_back();
      }
    }
    if (!block) block = SystemAllocator().Allocate(size);
    std::byte* data = block->data();
    return std::make_shared<Buffer>(data, size, Place{}, [this, block = std::move(block)](std::byte*, size_t n) {
      std::scoped_lock lock(mutex_);
      free_[n].push_back(block);
    });
  }

  void Trim() override {
    std::scoped_lock lock(mutex_);
    free_.clear();
  }

 private:
  static size_t RoundUp(size_t bytes) {
    if (bytes <= 256) return 256;
    const size_t power = std::bit_floor(bytes);
    const size_t step = power / 4;
    return (bytes + step - 1) / step * step;
  }

  std::mutex mutex_;
  std::map<size_t, std::vector<BufferPtr>> free_;
};

}  // namespace

// Never destroyed: buffers may outlive static destruction.
Allocator& SystemAllocator() {
  static auto* allocator = new System;
  return *allocator;
}

Allocator& CachingAllocator() {
  static auto* allocator = new Caching;
  return *allocator;
}

MemoryStats CpuMemoryStats() { return {g_in_use, g_peak, g_allocations}; }
void ResetPeakMemory() { g_peak = g_in_use.load(); }

}  // namespace paddle
