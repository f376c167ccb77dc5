#pragma once
// Plain loops compiled for several instruction sets, the best of which is taken at run time.
//
//   RunSimd([=] { for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]); });
//
// Everything that the loop calls must be inlinable: it is inlined into each version ("flatten") and vectorised there.

#include <type_traits>

namespace paddle::math {

enum class SimdLevel { kBase, kAvx2, kAvx512 };

// What this machine has; the environment variable PADDLE_SIMD (base, avx2, avx512) may lower it.
SimdLevel BestSimd();

namespace internal {

#if defined(__x86_64__) && defined(__GNUC__)
template <class Body>
[[gnu::flatten, gnu::target("avx2,fma,bmi,bmi2")]] void RunAvx2(Body body) {
  body();
}
template <class Body>
[[gnu::flatten, gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2")]] void RunAvx512(Body body) {
  body();
}
#endif

}  // namespace internal

template <class Body>
inline void RunSimd(Body body) {
#if defined(__x86_64__) && defined(__GNUC__)
  switch (BestSimd()) {
    case SimdLevel::kAvx512:
      return internal::RunAvx512(body);
    case SimdLevel::kAvx2:
      return internal::RunAvx2(body);
    case SimdLevel::kBase:
      break;
  }
#endif
  body();
}

}  // namespace paddle::math
