#include "paddle/device/buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include "paddle/base/errors.h"
#include "paddle/base/flags.h"
#include "paddle/base/round_up.h"
#include "paddle/device/cgroup.h"

namespace paddle {

Buffer::Buffer(std::byte* data, size_t size, Place place, std::function<void(std::byte*, size_t)> release)
    : data_(data), size_(size), place_(place), release_(std::move(release)) {}

Buffer::~Buffer() {
  if (release_) release_(data_, size_);
}

BufferPtr Buffer::Packed(std::string_view form, FunctionRef<BufferPtr()> make) {
  std::scoped_lock lock(packs_mutex_);
  if (exposed_.load(std::memory_order_acquire)) {
    packs_.clear();
    return nullptr;
  }
  // Before the content is read: a write from now on makes the copy stale.
  if (written_.load(std::memory_order_relaxed) && written_.exchange(false, std::memory_order_acq_rel)) packs_.clear();
  for (const Pack& pack : packs_)
    if (pack.form == form) return pack.content;
  packs_.push_back({std::string(form), make()});
  return packs_.back().content;
}

Allocator::~Allocator() = default;

namespace {

constexpr size_t kAlign = 64;
constexpr size_t kPage = size_t{4} << 10;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kMapped = size_t{1} << 20;  // from here on a block is a mapping of its own
constexpr size_t kMost = size_t{1} << 47;

std::atomic<size_t> g_in_use{0}, g_peak{0};
std::atomic<uint64_t> g_allocations{0};

// The least of the machine's memory and what the control groups leave to the process.
size_t SystemLimit() {
  size_t limit = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const auto& value : CgroupValues("memory.max"))
    if (value != "max") limit = std::min<size_t>(limit, std::strtoull(value.c_str(), nullptr, 10));
  return limit;
}

size_t Limit() {
  static const size_t system = SystemLimit();
  const size_t set = MemoryLimitBytes();
  return set ? set : system;
}

// False when the limit would be passed.
bool Count(size_t bytes) {
  const size_t now = g_in_use.fetch_add(bytes) + bytes;
  if (now > Limit()) {
    g_in_use.fetch_sub(bytes);
    return false;
  }
  size_t peak = g_peak.load();
  while (peak < now && !g_peak.compare_exchange_weak(peak, now)) {
  }
  return true;
}

[[noreturn]] void ThrowLimit(size_t bytes) {
  const size_t in_use = g_in_use;
  if (in_use + bytes <= Limit()) throw ResourceExhausted(StrCat("the system has no ", bytes, " bytes of memory left"));
  throw ResourceExhausted(StrCat("tensors would take ", in_use + bytes, " bytes: ", bytes, " more than the ", in_use,
                                 " in use, and the limit is ", Limit(),
                                 "; use a smaller batch, or raise FLAGS_memory_limit_mb"));
}

// A mapping, a multiple of kPage bytes long; null where there is no memory. A large one starts at a huge page and asks
// for such: first touch of fresh memory is slow.
void* Map(size_t size) {
  const bool huge = size >= 2 * kHugePage;
  const size_t more = huge ? kHugePage - kPage : 0;
  void* data = mmap(nullptr, size + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  if (!huge) return data;
  auto* begin = static_cast<std::byte*>(data);
  const size_t before = -reinterpret_cast<uintptr_t>(begin) % kHugePage;
  if (before) munmap(begin, before);
  if (more > before) munmap(begin + before + size, more - before);
  madvise(begin + before, size, MADV_HUGEPAGE);
  return begin + before;
}

class System final : public Allocator {
 public:
  BufferPtr Allocate(size_t bytes) override {
    Require(bytes <= kMost, bytes, " bytes cannot be allocated: no machine has so many");
    const size_t size = RoundUp(std::max(bytes, kAlign), bytes < kMapped ? kAlign : kPage);
    void* data = Take(size);
    if (!data) {
      CachingAllocator().Trim();  // blocks that wait there for the next request count as well
      data = Take(size);
    }
    if (!data) ThrowLimit(size);
    ++g_allocations;
    try {
      return std::make_shared<Buffer>(static_cast<std::byte*>(data), size, Place{}, Release);
    } catch (const std::bad_alloc&) {
      Release(static_cast<std::byte*>(data), size);
      throw;
    }
  }

 private:
  // Null when the limit would be passed, or the system has no more. On the heap, large blocks would leave holes that it
  // keeps.
  static void* Take(size_t size) {
    if (!Count(size)) return nullptr;
    void* data = size < kMapped ? std::aligned_alloc(kAlign, size) : Map(size);
    if (!data) g_in_use.fetch_sub(size);
    return data;
  }

  static void Release(std::byte* data, size_t size) {
    if (size < kMapped)
      std::free(data);
    else
      munmap(data, size);
    g_in_use.fetch_sub(size);
  }
};

}  // namespace

// Never destroyed: buffers may outlive static destruction.
Allocator& SystemAllocator() {
  static auto* allocator = new System;
  return *allocator;
}

MemoryStats CpuMemoryStats() { return {g_in_use, g_peak, g_allocations}; }
void ResetPeakMemory() { g_peak = g_in_use.load(); }

}  // namespace paddle
