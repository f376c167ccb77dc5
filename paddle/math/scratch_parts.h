#pragma once
// Temporary memory cut into arrays.

#include <cstddef>
#include <cstdint>

namespace paddle {

// Hands out parts of a piece of memory, one behind the other, each aligned for vectors. Without memory it only counts:
// the same code tells how much is needed and cuts it.
class ScratchParts {
 public:
  explicit ScratchParts(std::byte* memory = nullptr) : memory_(memory) {}

  template <class T>
  T* Take(int64_t n) {
    constexpr size_t kAlignment = 64;
    std::byte* part = memory_ ? memory_ + used_ : nullptr;
    used_ += (static_cast<size_t>(n) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return reinterpret_cast<T*>(part);
  }
  size_t used() const { return used_; }

 private:
  std::byte* memory_;
  size_t used_ = 0;
};

}  // namespace paddle
