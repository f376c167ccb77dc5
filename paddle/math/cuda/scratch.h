#pragma once
// A kernel's temporary memory cut into arrays.

#include "paddle/math/cuda/align.h"

namespace paddle::cuda {

// Bytes that ScratchArrays::Take uses.
template <class T>
constexpr size_t ArrayBytes(int64_t n) {
  return AlignUp(static_cast<size_t>(n) * sizeof(T));
}

// Hands out a scratch from its start.
class ScratchArrays {
 public:
  explicit ScratchArrays(std::byte* scratch) : at_(scratch) {}
  template <class T>
  T* Take(int64_t n) {
    T* array = reinterpret_cast<T*>(at_);
    at_ += ArrayBytes<T>(n);
    return array;
  }
  std::byte* rest() const { return at_; }

 private:
  std::byte* at_;
};

}  // namespace paddle::cuda
