#pragma once

namespace paddle {

// The least multiple of `unit` that is not less than n; both are positive, or n is zero.
template <class T>
constexpr T RoundUp(T n, T unit) {
  return (n + unit - 1) / unit * unit;
}

}  // namespace paddle
