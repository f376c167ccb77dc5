#include "paddle/device/context.h"

#include <cstring>

namespace paddle {

DeviceContext::~DeviceContext() = default;

void CpuContext::Copy(std::byte* to, const std::byte* from, size_t bytes) const {
  if (bytes) std::memcpy(to, from, bytes);
}

}  // namespace paddle
