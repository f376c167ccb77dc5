#pragma once
// The two-operand functions of the elementwise ops, with their gradients: Dx and Dy of (x, y, out, dout).

#include <cmath>
#include <type_traits>

#include "paddle/math/functions.h"

namespace paddle::math {

struct Add {
  template <class T>
  constexpr T operator()(T x, T y) const {
    return x + y;
  }
};

struct Subtract {
  template <class T>
  constexpr T operator()(T x, T y) const {
    return x - y;
  }
};

struct Multiply {
  template <class T>
  constexpr T operator()(T x, T y) const {
    return x * y;
  }
  struct Dx {
    template <class T>
    constexpr T operator()(T, T y, T, T dout) const {
      return dout * y;
    }
  };
  struct Dy {
    template <class T>
    constexpr T operator()(T x, T, T, T dout) const {
      return dout * x;
    }
  };
};

// Integers: truncated. Dividing by 0 is the caller's to prevent; the least integer over -1 stays as it is.
struct Divide {
  template <class T>
  constexpr T operator()(T x, T y) const {
    if constexpr (std::is_integral_v<T>) {
      if (y == T(-1)) return static_cast<T>(-static_cast<std::make_unsigned_t<T>>(x));
    }
    return x / y;
  }
  struct Dx {
    template <class T>
    constexpr T operator()(T, T y, T, T dout) const {
      return Divide()(dout, y);
    }
  };
  struct Dy {
    template <class T>
    constexpr T operator()(T, T y, T out, T dout) const {
      return Divide()(-dout * out, y);
    }
  };
};

// A tie sends the whole gradient to y.
struct Maximum {
  template <class T>
  constexpr T operator()(T x, T y) const {
    return Max(x, y);
  }
  struct Dx {
    template <class T>
    constexpr T operator()(T x, T y, T, T dout) const {
      return Select(x > y, dout, T(0));
    }
  };
  struct Dy {
    template <class T>
    constexpr T operator()(T x, T y, T, T dout) const {
      return Select(x > y, T(0), dout);
    }
  };
};

struct Minimum {
  template <class T>
  constexpr T operator()(T x, T y) const {
    return Min(x, y);
  }
  struct Dx {
    template <class T>
    constexpr T operator()(T x, T y, T, T dout) const {
      return Select(x < y, dout, T(0));
    }
  };
  struct Dy {
    template <class T>
    constexpr T operator()(T x, T y, T, T dout) const {
      return Select(x < y, T(0), dout);
    }
  };
};

struct Power {
  template <class T>
  constexpr T operator()(T x, T y) const {
    return static_cast<T>(std::pow(x, y));
  }
  struct Dx {
    template <class T>
    constexpr T operator()(T x, T y, T, T dout) const {
      return static_cast<T>(dout * y * std::pow(x, y - T(1)));
    }
  };
  // At x = 0 the limit for y > 0 is taken.
  struct Dy {
    template <class T>
    constexpr T operator()(T x, T y, T, T dout) const {
      if (x == T(0) && y > T(0)) return T(0);
      return static_cast<T>(dout * std::log(x) * std::pow(x, y));
    }
  };
};

// Integers: the remainder of truncated division (sign of x). Floats: the remainder of floor division (sign of y).
struct Modulo {
  template <class T>
  constexpr T operator()(T x, T y) const {
    if constexpr (std::is_integral_v<T>) {
      return y == T(-1) ? T(0) : x % y;
    } else {
      const T r = std::fmod(x, y);
      return r != T(0) && (r < T(0)) != (y < T(0)) ? r + y : r;
    }
  }
};

}  // namespace paddle::math
