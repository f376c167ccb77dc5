#pragma once
// Counted blocks of memory and where they come from.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "paddle/base/function_ref.h"
#include "paddle/device/place.h"

namespace paddle {

class Buffer;
using BufferPtr = std::shared_ptr<Buffer>;

// One block of memory. Its bytes are released by `release` when the last owner lets go.
//
// A block that holds a weight keeps copies of it in other layouts ("packed weights") until the next write. Tensor's
// mutable accessors mark each write; who writes through a pointer kept from earlier calls MarkWritten afterwards.
class Buffer {
 public:
  Buffer(std::byte* data, size_t size, Place place, std::function<void(std::byte*, size_t)> release);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  Place place() const { return place_; }

  void MarkWritten() {  // stores once only: kernels write from many threads
    if (!written_.load(std::memory_order_relaxed)) written_.store(true, std::memory_order_release);
  }
  // A writable view was handed to foreign code: nobody knows when it is written.
  void MarkExposed() { exposed_.store(true, std::memory_order_release); }

  // The content in the form of that name, as make() computes it where no copy is there or the block was written since.
  // Null when it is exposed. Safe from many threads, which share the copies.
  BufferPtr Packed(std::string_view form, FunctionRef<BufferPtr()> make);

 private:
  struct Pack {
    std::string form;
    BufferPtr content;
  };

  std::byte* data_;
  size_t size_;
  Place place_;
  std::function<void(std::byte*, size_t)> release_;
  std::atomic<bool> written_{false};  // since packs_ was filled
  std::atomic<bool> exposed_{false};
  std::mutex packs_mutex_;
  std::vector<Pack> packs_;
};

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
// Keeps returned blocks for the next request; for outputs whose size is known only after the op ran.
Allocator& CachingAllocator();

MemoryStats CpuMemoryStats();
void ResetPeakMemory();

}  // namespace paddle
