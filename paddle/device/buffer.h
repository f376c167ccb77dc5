#pragma once
// Counted blocks of memory and where they come from.

#include <any>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "paddle/device/place.h"

namespace paddle {

// One block of memory. Its bytes are released by `release` when the last owner lets go.
//
// The block carries a version, moved by every write to a parameter, and copies of its content in another layout
// ("packed weights"), each stamped with the version it was made from.
class Buffer {
 public:
  Buffer(std::byte* data, size_t size, Place place, std::function<void(std::byte*, size_t)> release);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  Place place() const { return place_; }

  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  void MarkWritten() { version_.fetch_add(1, std::memory_order_acq_rel); }

  // A writable view was handed to foreign code: packed copies are never trusted again.
  void MarkExposed() { exposed_.store(true, std::memory_order_release); }

  // The packed copy under `key`, made by `make` unless one of the present version is there. Safe from many threads.
  template <class T>
  std::shared_ptr<const T> Packed(const std::string& key, const std::function<std::shared_ptr<const T>()>& make) {
    std::scoped_lock lock(packs_mutex_);
    Pack& pack = packs_[key];
    const uint64_t now = version();
    if (pack.value.has_value() && pack.version == now && !exposed_.load(std::memory_order_acquire))
      return std::any_cast<std::shared_ptr<const T>>(pack.value);
    std::shared_ptr<const T> made = make();
    pack = {now, made};
    return made;
  }

 private:
  struct Pack {
    uint64_t version = 0;
    std::any value;
  };

  std::byte* data_;
  size_t size_;
  Place place_;
  std::function<void(std::byte*, size_t)> release_;
  std::atomic<uint64_t> version_{1};
  std::atomic<bool> exposed_{false};
  std::mutex packs_mutex_;
  std::map<std::string, Pack> packs_;
};

using BufferPtr = std::shared_ptr<Buffer>;

// Hands out blocks. Implementations are safe to call from many threads.
class Allocator {
 public:
  virtual ~Allocator();
  // A block of at least `bytes` bytes, aligned to 64. Throws ResourceExhausted when a limit would be passed.
  virtual BufferPtr Allocate(size_t bytes) = 0;
  // Gives unused cached memory back to the system.
  virtual void Trim() {}
};

struct MemoryStats {
  size_t in_use = 0;         // bytes handed out by the system allocator and not yet returned
  size_t peak = 0;           // the largest `in_use` so far
  uint64_t allocations = 0;  // number of calls to the system allocator
};

// Memory straight from the system, checked against the memory limit: flag memory_limit_mb, else the cgroup's or the
// machine's. What CachingAllocator keeps is given back before a request fails.
Allocator& SystemAllocator();
// Keeps returned blocks by size for the next request; for outputs whose size is known only after the op ran.
Allocator& CachingAllocator();

MemoryStats CpuMemoryStats();
void ResetPeakMemory();

}  // namespace paddle
