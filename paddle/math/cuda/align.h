#pragma once
// Temporary memory as the CUDA libraries want it: aligned to more than a plan's arena is.

#include <cstddef>
#include <cstdint>

namespace paddle::cuda {

inline constexpr size_t kScratchAlign = 256;

constexpr size_t AlignUp(size_t bytes) { return (bytes + kScratchAlign - 1) / kScratchAlign * kScratchAlign; }

// Bytes to ask for, so that `bytes` are left behind AlignedScratch; none for none.
constexpr size_t WithAlignment(size_t bytes) { return bytes ? bytes + kScratchAlign : 0; }
inline std::byte* AlignedScratch(std::byte* scratch) {
  return reinterpret_cast<std::byte*>(AlignUp(reinterpret_cast<uintptr_t>(scratch)));
}

}  // namespace paddle::cuda
