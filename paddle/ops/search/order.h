#pragma once
// The order in which searching and sorting ops rank elements.

#include <cstdint>
#include <type_traits>

namespace paddle {

// Whether a ranks above b: NaN above everything, then larger above smaller.
template <class T>
constexpr bool Above(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a || b != b) return a != a && b == b;
  }
  return a > b;
}

// An element and its position.
template <class T>
struct Ranked {
  T value;
  int64_t index;
};

// Strict orders without ties: equal elements by position.
struct Descending {
  template <class T>
  constexpr bool operator()(const Ranked<T>& a, const Ranked<T>& b) const {
    return Above(a.value, b.value) || (!Above(b.value, a.value) && a.index < b.index);
  }
};
struct Ascending {
  template <class T>
  constexpr bool operator()(const Ranked<T>& a, const Ranked<T>& b) const {
    return Above(b.value, a.value) || (!Above(a.value, b.value) && a.index < b.index);
  }
};

}  // namespace paddle
