#pragma once
// As much of CUDA's runtime as the plug-in calls, with one "GPU" that does everything at once. The host cannot touch
// its memory but in copies and kernels: a plug-in that reads it elsewhere is stopped by the processor. All else of the
// plug-in but cuBLASLt and cuDNN is the real thing.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#define __device__
#define __host__
#define __global__

enum cudaError_t {
  cudaSuccess,
  cudaErrorMemoryAllocation,
  cudaErrorNoDevice,
  cudaErrorInsufficientDriver,
  cudaErrorStubLibrary
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaMemoryType { cudaMemoryTypeUnregistered, cudaMemoryTypeHost };
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold };
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2, cudaHostAllocMapped = 2 };

using cudaStream_t = struct EmulatedStream*;
using cudaEvent_t = struct EmulatedEvent*;
using cudaMemPool_t = struct EmulatedPool*;
struct cudaPointerAttributes {
  cudaMemoryType type;
};

inline const char* cudaGetErrorString(cudaError_t) { return "emulated"; }
inline const char* cudaGetErrorName(cudaError_t) { return "emulated"; }
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
inline cudaError_t cudaGetDevice(int* device) { return *device = 0, cudaSuccess; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* s, unsigned) { return *s = nullptr, cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* e, unsigned) { return *e = nullptr, cudaSuccess; }
inline cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) { return *pool = nullptr, cudaSuccess; }
inline cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
inline cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }
inline cudaError_t cudaMemGetInfo(size_t* free, size_t* total) { return *free = *total = 0, cudaSuccess; }

inline cudaError_t cudaHostAlloc(void** p, size_t bytes, unsigned) {
  *p = std::malloc(bytes);
  return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}
// The GPU's memory: one range of addresses, locked unless the GPU is at work. Blocks of one size are used again.
class EmulatedMemory {
 public:
  static EmulatedMemory& Get() {
    static auto* memory = new EmulatedMemory;
    return *memory;
  }

  void* Allocate(size_t bytes) {
    const std::scoped_lock lock(mutex_);
    const size_t size = (bytes + kPage - 1) / kPage * kPage;
    auto& free = free_[size];
    if (free.empty() && used_ + size > kSize) return nullptr;
    char* data = free.empty() ? base_ + used_ : free.back();
    if (free.empty())
      used_ += size;
    else
      free.pop_back();
    sizes_[data] = size;
    mprotect(data, size, PROT_READ | PROT_WRITE);
    std::memset(data, 0xA5, size);  // nobody may count on zeros
    if (!at_work_) mprotect(data, size, PROT_NONE);
    return data;
  }
  void Free(void* data) {
    const std::scoped_lock lock(mutex_);
    const auto block = sizes_.find(static_cast<char*>(data));
    free_[block->second].push_back(block->first);
    sizes_.erase(block);
  }
  void Begin() {
    const std::scoped_lock lock(mutex_);
    if (at_work_++ == 0) mprotect(base_, used_, PROT_READ | PROT_WRITE);
  }
  void End() {
    const std::scoped_lock lock(mutex_);
    if (--at_work_ == 0) mprotect(base_, used_, PROT_NONE);
  }

 private:
  static constexpr size_t kPage = 4096, kSize = size_t{16} << 30;

  EmulatedMemory()
      : base_(static_cast<char*>(mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
  }

  char* const base_;
  std::mutex mutex_;
  size_t used_ = 0;
  int at_work_ = 0;
  std::map<size_t, std::vector<char*>> free_;
  std::map<char*, size_t> sizes_;
};

// While one lives, the GPU is at work.
struct EmulatedWork {
  EmulatedWork() { EmulatedMemory::Get().Begin(); }
  ~EmulatedWork() { EmulatedMemory::Get().End(); }
};

inline cudaError_t cudaMallocAsync(void** p, size_t bytes, cudaStream_t) {
  *p = EmulatedMemory::Get().Allocate(bytes);
  return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFreeAsync(void* p, cudaStream_t) { return EmulatedMemory::Get().Free(p), cudaSuccess; }
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t) {
  const EmulatedWork work;
  return std::memcpy(to, from, bytes), cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  const EmulatedWork work;
  return std::memset(to, value, bytes), cudaSuccess;
}
inline cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* a, const void*) {
  return a->type = cudaMemoryTypeUnregistered, cudaSuccess;
}
