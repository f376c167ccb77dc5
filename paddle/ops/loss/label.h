#pragma once
// Class labels of the cross entropy family.

#include <cmath>

#include "paddle/op/infer.h"

namespace paddle {

// The class that a label names; -1 for `ignore_index`. Throws InvalidArgument for any other value outside [0, classes).
inline int64_t ClassOf(int64_t label, int64_t classes, int64_t ignore_index, int64_t at) {
  if (label == ignore_index) return -1;
  Require(label >= 0 && label < classes, "Label[", at, "] is ", label, "; expected 0 <= label < ", classes,
          ", or ignore_index = ", ignore_index);
  return label;
}

// -log(p), with a large finite number in place of infinity so that means stay finite.
template <class T>
constexpr T NegativeLog(T p) {
  const T value = -std::log(p);
  return value == std::numeric_limits<T>::infinity() ? T(1e20) : value;
}

}  // namespace paddle
