#include "paddle/math/simd.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace paddle::math {
namespace {

SimdLevel Detect() {
  SimdLevel level = SimdLevel::kBase;
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    level = SimdLevel::kAvx2;
  if (level == SimdLevel::kAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    level = SimdLevel::kAvx512;
#endif
  const char* set = std::getenv("PADDLE_SIMD");
  const std::string_view wanted = set ? set : "";
  if (wanted == "base") return SimdLevel::kBase;
  if (wanted == "avx2") return std::min(level, SimdLevel::kAvx2);
  return level;
}

}  // namespace

SimdLevel BestSimd() {
  static const SimdLevel level = Detect();
  return level;
}

}  // namespace paddle::math
