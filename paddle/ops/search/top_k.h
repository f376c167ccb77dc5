#pragma once
// Attributes and order of top_k.

#include <type_traits>

#include "paddle/op/attributes.h"

namespace paddle {

struct TopKAttrs {
  int32_t k = 1;
  static auto Fields() { return std::tuple{Field{"k", &TopKAttrs::k, "How many; the input K goes before it."}}; }
};

template <class T>
struct TopKEntry {
  T value;
  int64_t index;
};

// Whether a comes before b: larger first, NaN before all, ties by position.
template <class T>
constexpr bool Before(const TopKEntry<T>& a, const TopKEntry<T>& b) {
  if constexpr (std::is_floating_point_v<T>) {
    const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
    if (a_nan || b_nan) return a_nan && (!b_nan || a.index < b.index);
  }
  return a.value > b.value || (a.value == b.value && a.index < b.index);
}

}  // namespace paddle
