#include "paddle/math/dot_bf16.h"

#include <cstdlib>
#include <cstring>

#include "paddle/base/errors.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PADDLE_DOT_BF16 [[gnu::target("avx512f,avx512bf16")]]
#endif

namespace paddle::dot_bf16 {

#ifdef PADDLE_DOT_BF16
namespace {

constexpr int kLanes = 16, kVectors = kColumns / kLanes;

bool Detect() {
  if (std::getenv("PADDLE_SIMD")) return false;
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
}

template <int R>
PADDLE_DOT_BF16 void Tile(const BFloat16* left, const BFloat16* right, int64_t depth, float* out) {
  __m512 sum[R][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[i][v] = _mm512_setzero_ps();
  for (int64_t p = 0; p < depth; p += 2, right += 2 * kColumns) {
    __m512bh b[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) b[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(right + v * 2 * kLanes));
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i) {
      int pair;
      std::memcpy(&pair, left + i * depth + p, sizeof pair);
      const auto a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], a, b[v]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_ps(out + i * kColumns + v * kLanes, sum[i][v]);
}

}  // namespace

bool Available() {
  static const bool available = Detect();
  return available;
}

void Product(int rows, const BFloat16* left, const BFloat16* right, int64_t depth, float* out) {
  constexpr decltype(&Tile<1>) kTiles[] = {Tile<1>, Tile<2>, Tile<3>, Tile<4>, Tile<5>, Tile<kRows>};
  kTiles[rows - 1](left, right, depth, out);
}

#else

bool Available() { return false; }
void Product(int, const BFloat16*, const BFloat16*, int64_t, float*) {
  Ensure(false, "this build has no dot products of bfloat16");
}
#endif

}  // namespace paddle::dot_bf16
