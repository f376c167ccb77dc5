#pragma once
// A kernel's temporary memory cut into arrays.

#include "paddle/math/cuda/align.h"

namespace paddle::cuda {

// Bytes that ScratchArrays::Take uses.
template <class T>
constexpr size_t ArrayBytes(int64_t n) {
  return AlignUp(static_cast<size_t>(n) * sizeof(T));
}

// Hands out a scratch from its start; without one, it only counts.
class ScratchArrays {
 public:
  explicit ScratchArrays(std::byte* scratch) : scratch_(scratch) {}
  template <class T>
  T* Take(int64_t n) {
    T* array = reinterpret_cast<T*>(rest());
    used_ += ArrayBytes<T>(n);
    return array;
  }
  std::byte* rest() const { return scratch_ ? scratch_ + used_ : nullptr; }
  size_t used() const { return used_; }

 private:
  std::byte* scratch_;
  size_t used_ = 0;
};

}  // namespace paddle::cuda
