#pragma once
// Products of bfloat16 matrices with the tile unit of Intel's processors (Advanced Matrix Extensions).

#include <cstdint>

#include "paddle/tensor/dtype.h"

namespace paddle::amx {

// Rows and columns of one product, and what the number of terms of its sums is a multiple of.
inline constexpr int kRows = 32, kColumns = 64, kDepth = 32;

// Whether this processor has the unit and the system lets the process use it. The environment variable PADDLE_SIMD
// (math/simd.h) turns it off.
bool Available();

// Sets this thread's tile unit up for Product, while the object lives.
class Setup {
 public:
  explicit Setup(bool wanted);
  ~Setup();
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

 private:
  const bool wanted_;
};

// out [kRows, kColumns] = left [kRows, depth] right [depth, kColumns], the first `rows` rows of it rounded up to 16.
// `right` holds pairs of rows: element (i, j) is right[(i / 2) * 2 * kColumns + 2 * j + i % 2].
void Product(int rows, const BFloat16* left, const BFloat16* right, int64_t depth, float* out);

}  // namespace paddle::amx
