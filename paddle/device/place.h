#pragma once
// Where a tensor lives and an op runs.

#include <ostream>

namespace paddle {

enum class DeviceType : int { kCpu = 0, kCuda = 1, kCudaPinned = 2 };

struct Place {
  DeviceType device = DeviceType::kCpu;
  int index = 0;

  bool operator==(const Place&) const = default;
  bool is_cpu() const { return device == DeviceType::kCpu; }
  bool is_cuda() const { return device == DeviceType::kCuda; }
};

inline std::ostream& operator<<(std::ostream& out, const Place& place) {
  if (place.is_cpu()) return out << "CPUPlace";
  return out << (place.is_cuda() ? "CUDAPlace(" : "CUDAPinnedPlace(") << place.index << ')';
}

}  // namespace paddle
