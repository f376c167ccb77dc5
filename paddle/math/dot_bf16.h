#pragma once
// Products of bfloat16 matrices with instructions that add two products at once (AVX-512 BF16).

#include <cstdint>

#include "paddle/tensor/dtype.h"

namespace paddle::dot_bf16 {

// Most rows of one product, and its columns.
inline constexpr int kRows = 6, kColumns = 64;

// Whether this processor has the instructions and the system keeps their registers. The environment variable
// PADDLE_SIMD (math/simd.h) turns them off.
bool Available();

// out [rows, kColumns] = left [rows, depth] right [depth, kColumns] for an even depth and 1 to kRows rows. `right`
// holds pairs of rows: element (i, j) is right[(i / 2) * 2 * kColumns + 2 * j + i % 2].
void Product(int rows, const BFloat16* left, const BFloat16* right, int64_t depth, float* out);

}  // namespace paddle::dot_bf16
