#include "paddle/math/cast.h"

#include <cstring>

#include "paddle/math/bfloat16.h"
#include "paddle/math/map.h"

namespace paddle::math {
namespace {

template <class T>
constexpr bool kHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

template <class To, class From>
To Convert(From value) {
  if constexpr (kHalf<From>)
    return Convert<To>(static_cast<float>(value));
  else if constexpr (std::is_same_v<To, bool>)
    return value != From(0);
  else if constexpr (std::is_same_v<To, BFloat16>)
    return Kept<BFloat16>(static_cast<float>(value));
  else if constexpr (kHalf<To>)
    return To(static_cast<float>(value));
  else
    return static_cast<To>(value);
}

}  // namespace

void CastArray(const void* from, DType from_type, void* to, DType to_type, int64_t n) {
  if (from_type == to_type) {
    if (from != to && n > 0) std::memcpy(to, from, static_cast<size_t>(n) * SizeOf(to_type));
    return;
  }
  VisitAny(from_type, [&]<class From>() {
    VisitAny(to_type, [&]<class To>() {
      const auto* x = static_cast<const From*>(from);
      auto* y = static_cast<To*>(to);
      ParallelFor(n, kCheapGrain, [=](int64_t begin, int64_t end) {
        RunLoop<Computed<From>>([=] {
          for (int64_t i = begin; i < end; ++i) y[i] = Convert<To>(x[i]);
        });
      });
    });
  });
}

}  // namespace paddle::math
