#pragma once
// Products of row-major matrices: C = alpha op(A) op(B) + beta C.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "paddle/math/bfloat16.h"
#include "paddle/tensor/tensor.h"

namespace paddle {

// op(A) is [m, k], op(B) is [k, n], C is [m, n]; op(M) is M or, where `trans` says so, its transpose.
struct GemmShape {
  int64_t m = 0, n = 0, k = 0;
  bool trans_a = false, trans_b = false;
  // Elements from one stored row to the next; 0: rows follow each other without a gap.
  int64_t lda = 0, ldb = 0, ldc = 0;
  // A batch of products; matrix i of A starts at a + i * stride_a. A stride of 0 (A or B only) uses one matrix for all.
  int64_t batch = 1;
  int64_t stride_a = 0, stride_b = 0, stride_c = 0;

  bool operator==(const GemmShape&) const = default;
};

// Products whose sizes are not known ahead. T: float, double or BFloat16 (sums are float).
template <class T>
void Gemm(const GemmShape& shape, Computed<T> alpha, const T* a, const T* b, Computed<T> beta, T* c);

// A product prepared for its sizes, for the State of a kernel: fast for transposed and small operands as well.
// One run at a time.
class PreparedGemm {
 public:
  PreparedGemm() = default;
  // `dtype`: float32, float64 or bfloat16. Throws InvalidArgument otherwise. `threads`: 1 for runs inside a
  // ParallelFor, 0 for all. `weight`: B is a tensor that stays the same over many runs, see OpMetas::IsWeight; for runs
  // that get that tensor.
  PreparedGemm(DType dtype, const GemmShape& shape, double alpha = 1, double beta = 0, int threads = 0,
               bool weight = false);

  // Bytes of temporary memory that Run needs.
  size_t scratch_bytes() const;
  template <class T>
  void Run(const T* a, const T* b, T* c, std::byte* scratch) const;
  // The same with a packed copy of `b` where one is of use.
  template <class T>
  void Run(const T* a, const Tensor& b, T* c, std::byte* scratch) const;

 private:
  struct Impl;
  // A bfloat16 product as one of float32 copies.
  void RunWidened(const BFloat16* a, const BFloat16* b, BFloat16* c, std::byte* scratch) const;

  std::shared_ptr<Impl> impl_;
};

}  // namespace paddle
