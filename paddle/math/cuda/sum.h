#pragma once
// The sum of many arrays on the GPU.

#include <span>

#include "paddle/math/cuda/launch.h"
#include "paddle/tensor/tensor.h"

namespace paddle::cuda {

inline constexpr int kSumAtOnce = 16;

// The arrays that one launch adds up.
template <class T>
struct SumInputs {
  const T* data[kSumAtOnce];
  int count = 0;
};

// out[i] = the sum of x[..][i] over all x that are not null, one after the other. `out` may be the memory of any x.
template <class T>
void SumArrays(const CudaContext& context, std::span<const Tensor* const> x, T* out, int64_t n) {
  BufferPtr sums;  // what is added up so far, where one launch does not do
  T* to = out;
  if (x.size() > kSumAtOnce) {
    sums = context.allocator().Allocate(static_cast<size_t>(n) * sizeof(T));
    to = reinterpret_cast<T*>(sums->data());
  }
  bool first = true;
  for (size_t at = 0; at < x.size() || first; at += kSumAtOnce) {
    SumInputs<T> arrays;
    for (size_t k = at; k < std::min(at + kSumAtOnce, x.size()); ++k)
      if (x[k]) arrays.data[arrays.count++] = x[k]->data<T>();
    ForEach(context, n, [=] __device__(int64_t i) {
      T sum = first ? T(0) : to[i];
      for (int k = 0; k < arrays.count; ++k) sum += arrays.data[k][i];
      to[i] = sum;
    });
    first = false;
  }
  if (to != out)
    context.Copy(reinterpret_cast<std::byte*>(out), reinterpret_cast<const std::byte*>(to),
                 static_cast<size_t>(n) * sizeof(T));
}

}  // namespace paddle::cuda
