#pragma once
// What a kernel needs of the device it runs on.

#include "paddle/device/buffer.h"
#include "paddle/device/place.h"

namespace paddle {

// Base of the contexts; one belongs to one running plan. A device may work behind the host: what is given to a context
// is done in the order given, and errors of it may be thrown by a later call.
class DeviceContext {
 public:
  virtual ~DeviceContext();
  virtual Place place() const = 0;
  // For what lives as long as a plan or a scope: arenas, parameters.
  virtual Allocator& system() const = 0;
  // For outputs whose size the kernel decides.
  virtual Allocator& allocator() const = 0;
  // Copies within the device, in order with the kernels given to it.
  virtual void Copy(std::byte* to, const std::byte* from, size_t bytes) const = 0;
  // Copies from and to the host. The host's bytes are there, or may be changed, when they return.
  virtual void CopyToHost(std::byte* to, const std::byte* from, size_t bytes) const = 0;
  virtual void CopyFromHost(std::byte* to, const std::byte* from, size_t bytes) const = 0;
  // Waits until all work given to the context is done, and throws the first error of it.
  virtual void Synchronize() const {}
  // Around each run: work given after BeginRun comes after all that other contexts were given before their EndRun.
  virtual void BeginRun() const {}
  virtual void EndRun() const {}
};

class CpuContext final : public DeviceContext {
 public:
  static constexpr DeviceType kDevice = DeviceType::kCpu;
  Place place() const override { return {}; }
  Allocator& system() const override { return SystemAllocator(); }
  Allocator& allocator() const override { return CachingAllocator(); }
  void Copy(std::byte* to, const std::byte* from, size_t bytes) const override;
  void CopyToHost(std::byte* to, const std::byte* from, size_t bytes) const override { Copy(to, from, bytes); }
  void CopyFromHost(std::byte* to, const std::byte* from, size_t bytes) const override { Copy(to, from, bytes); }
};

}  // namespace paddle
