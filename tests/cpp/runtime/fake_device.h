#pragma once
// A device for tests of the runtime: CUDAPlace(0) with memory that the host cannot touch but in copies and kernels.

#include <sys/mman.h>

#include <cstring>
#include <map>
#include <mutex>

#include "paddle/device/device.h"

namespace paddle::toy {

// The pages of the device, locked against the host.
class FakeMemory {
 public:
  static FakeMemory& Get() {
    static auto* memory = new FakeMemory;
    return *memory;
  }

  BufferPtr Allocate(size_t bytes) {
    const size_t size = std::max<size_t>(4096, (bytes + 4095) / 4096 * 4096);
    void* data = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::scoped_lock lock(mutex_);
    blocks_[data] = size;
    ++allocations_;
    return std::make_shared<Buffer>(static_cast<std::byte*>(data), size, Place{DeviceType::kCuda, 0},
                                    [this](std::byte* p, size_t n) {
                                      std::scoped_lock lock(mutex_);
                                      blocks_.erase(p);
                                      munmap(p, n);
                                    });
  }
  void Protect(int mode) {
    std::scoped_lock lock(mutex_);
    for (const auto& [data, size] : blocks_) mprotect(data, size, mode);
  }
  int allocations() const { return allocations_; }

 private:
  std::mutex mutex_;
  std::map<void*, size_t> blocks_;
  int allocations_ = 0;
};

// While one lives, the code at hand is the device's.
struct OnTheDevice {
  OnTheDevice() { FakeMemory::Get().Protect(PROT_READ | PROT_WRITE); }
  ~OnTheDevice() { FakeMemory::Get().Protect(PROT_NONE); }
};

class FakeAllocator final : public Allocator {
 public:
  BufferPtr Allocate(size_t bytes) override { return FakeMemory::Get().Allocate(bytes); }
};

class FakeContext final : public DeviceContext {
 public:
  static constexpr DeviceType kDevice = DeviceType::kCuda;
  Place place() const override { return {DeviceType::kCuda, 0}; }
  Allocator& system() const override { return allocator_; }
  Allocator& allocator() const override { return allocator_; }
  void Copy(std::byte* to, const std::byte* from, size_t bytes) const override {
    const OnTheDevice device;
    std::memcpy(to, from, bytes);
  }
  void CopyToHost(std::byte* to, const std::byte* from, size_t bytes) const override {
    ++to_host;
    Copy(to, from, bytes);
  }
  void CopyFromHost(std::byte* to, const std::byte* from, size_t bytes) const override {
    ++from_host;
    Copy(to, from, bytes);
  }

  static inline int to_host = 0, from_host = 0;

 private:
  mutable FakeAllocator allocator_;
};

class FakeDevice final : public Device {
 public:
  int count() const override { return 1; }
  std::unique_ptr<DeviceContext> MakeContext(int) override { return std::make_unique<FakeContext>(); }
};

}  // namespace paddle::toy
