#pragma once
// What a kernel needs of the device it runs on.

#include "paddle/device/buffer.h"
#include "paddle/device/place.h"

namespace paddle {

// Base of the contexts; one belongs to one running plan.
class DeviceContext {
 public:
  virtual ~DeviceContext();
  virtual Place place() const = 0;
  // For outputs whose size the kernel decides.
  virtual Allocator& allocator() const = 0;
  // Waits until all work given to the device is done.
  virtual void Synchronize() const {}
};

class CpuContext final : public DeviceContext {
 public:
  static constexpr DeviceType kDevice = DeviceType::kCpu;
  Place place() const override { return {}; }
  Allocator& allocator() const override { return CachingAllocator(); }
};

}  // namespace paddle
