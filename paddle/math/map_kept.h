#pragma once
// Element functions over arrays of kept values: Map, and for bfloat16 the same with what is computed in float.

#include "paddle/math/bfloat16.h"
#include "paddle/math/map.h"

namespace paddle::math {

// out[i] = f(x[i]...), computed as Computed<T>.
template <class T, class F, class... X>
void MapKept(F f, T* out, int64_t n, int64_t grain, const X*... x) {
  if constexpr (std::is_same_v<T, Computed<T>>) {
    Map(f, x..., out, n, grain);
  } else {
    ParallelFor(n, grain, [=](int64_t begin, int64_t end) {
      RunLoop<Computed<T>>([=] {
#pragma GCC ivdep
        for (int64_t i = begin; i < end; ++i) out[i] = Kept<T>(f(static_cast<Computed<T>>(x[i])...));
      });
    });
  }
}

}  // namespace paddle::math
