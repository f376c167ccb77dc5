#pragma once
// The activation functions: one small struct each, used by CPU and CUDA kernels alike.
//
// f(x) is the value. f.Grad(saved, dout) is the gradient with respect to x, where `saved` is x or f(x) as kSaved says:
// the one that Fluid's gradient op reads. Members are the function's attributes with their defaults.

#include "paddle/math/functions.h"

namespace paddle::math {

enum class Saved { kX, kOut, kNothing };

struct Relu {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return Select(x < T(0), T(0), x);
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return Select(out > T(0), dout, T(0));
  }
};

struct SigmoidFn {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return Sigmoid(x);
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return dout * out * (T(1) - out);
  }
};

struct LogSigmoid {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return -Softplus(-x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout * Sigmoid(-x);
  }
};

struct ExpFn {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(std::exp(static_cast<double>(x)));
    else
      return Exp(x);
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return dout * out;
  }
};

struct TanhFn {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return Tanh(x);
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return dout * (T(1) - out * out);
  }
};

struct Identity {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return x;
  }
  template <class T>
  constexpr T Grad(T, T dout) const {
    return dout;
  }
};

struct TanhShrink {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return x - Tanh(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T t = Tanh(x);
    return dout * t * t;
  }
};

struct SoftShrink {
  float lambda = 0.5f;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    const T l = lambda;
    return Select(x > l, x - l, Select(x < -l, x + l, T(0)));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T l = lambda;
    return Select((x > l) | (x < -l), dout, T(0));
  }
};

struct HardShrink {
  float threshold = 0.5f;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    const T t = threshold;
    return Select((x > t) | (x < -t), x, T(0));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T t = threshold;
    return Select((x > t) | (x < -t), dout, T(0));
  }
};

struct SqrtFn {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return Sqrt(x);
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return T(0.5) * dout / out;
  }
};

struct Rsqrt {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return T(1) / Sqrt(x);
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return T(-0.5) * dout * out * out * out;
  }
};

struct AbsFn {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return Abs(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return Select(x > T(0), dout, Select(x < T(0), T(-dout), T(0)));
  }
};

struct Ceil {
  static constexpr Saved kSaved = Saved::kNothing;
  template <class T>
  constexpr T operator()(T x) const {
    return std::ceil(x);
  }
};

struct Floor {
  static constexpr Saved kSaved = Saved::kNothing;
  template <class T>
  constexpr T operator()(T x) const {
    return std::floor(x);
  }
};

// Halves go away from zero.
struct Round {
  static constexpr Saved kSaved = Saved::kNothing;
  template <class T>
  constexpr T operator()(T x) const {
    return std::round(x);
  }
};

struct Cos {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return std::cos(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return -dout * std::sin(x);
  }
};

struct Sin {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return std::sin(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout * std::cos(x);
  }
};

struct Acos {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return std::acos(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return -dout / Sqrt((T(1) - x) * (T(1) + x));
  }
};

struct Asin {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return std::asin(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout / Sqrt((T(1) - x) * (T(1) + x));
  }
};

struct Atan {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return std::atan(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout / (T(1) + x * x);
  }
};

struct Reciprocal {
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return T(1) / x;
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return -dout * out * out;
  }
};

struct LogFn {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return Log(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout / x;
  }
};

struct Log1pFn {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return Log1p(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout / (T(1) + x);
  }
};

struct Square {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return x * x;
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return T(2) * x * dout;
  }
};

struct SoftplusFn {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return Softplus(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout * Sigmoid(x);
  }
};

struct Softsign {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return x / (T(1) + Abs(x));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T d = T(1) + Abs(x);
    return dout / (d * d);
  }
};

struct ErfFn {
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return Erf(x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return dout * T(1.12837916709551257390) * Exp(-x * x);  // 2 / sqrt(pi)
  }
};

struct BoundedRelu {
  float t_min = 0, t_max = 24;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    const T low = t_min, high = t_max;
    return Select(x < low, low, Select(x > high, high, x));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T low = t_min, high = t_max;
    return Select((x > low) & (x < high), dout, T(0));
  }
};

struct LeakyRelu {
  float alpha = 0.02f;
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return Max(x, T(alpha) * x);
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return Select(out > T(0), dout, T(alpha) * dout);
  }
};

struct SoftRelu {
  float threshold = 40;
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    const T t = threshold;
    return Softplus(Select(x > t, t, Select(x < -t, -t, x)));
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    const T t = threshold;
    return Select((out > Softplus(-t)) & (out < Softplus(t)), dout * (T(1) - Exp(-out)), T(0));
  }
};

struct Elu {
  float alpha = 1;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return Max(x, T(0)) + Min(T(alpha) * (Exp(x) - T(1)), T(0));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return Select(x > T(0), dout, dout * T(alpha) * Exp(x));
  }
};

struct Selu {
  float scale = 1.050701f, alpha = 1.6732632f;
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    return T(scale) * Select(x > T(0), x, T(alpha) * (Exp(x) - T(1)));
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return dout * Select(out > T(0), T(scale), out + T(scale) * T(alpha));
  }
};

struct Relu6 {
  float threshold = 6;
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    const T t = threshold;
    return Select(x < T(0), T(0), Select(x > t, t, x));
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return Select((out > T(0)) & (out < T(threshold)), dout, T(0));
  }
};

struct ScaledTanh {
  float scale_a = 0.67f, scale_b = 1.7159f;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return T(scale_b) * Tanh(T(scale_a) * x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T t = Tanh(T(scale_a) * x);
    return dout * T(scale_a) * T(scale_b) * (T(1) - t * t);
  }
};

struct ThresholdedRelu {
  float threshold = 1;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return Select(x > T(threshold), x, T(0));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    return Select(x > T(threshold), dout, T(0));
  }
};

struct HardSigmoid {
  float slope = 0.2f, offset = 0.5f;
  static constexpr Saved kSaved = Saved::kOut;
  template <class T>
  constexpr T operator()(T x) const {
    const T y = T(slope) * x + T(offset);
    return Select(y < T(0), T(0), Select(y > T(1), T(1), y));
  }
  template <class T>
  constexpr T Grad(T out, T dout) const {
    return Select((out > T(0)) & (out < T(1)), dout * T(slope), T(0));
  }
};

struct Swish {
  float beta = 1;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return x * Sigmoid(T(beta) * x);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T s = Sigmoid(T(beta) * x);
    return dout * (s + T(beta) * x * s * (T(1) - s));
  }
};

struct HardSwish {
  float threshold = 6, scale = 6, offset = 3;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    return x * Min(Max(x + T(offset), T(0)), T(threshold)) / T(scale);
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T y = x + T(offset);
    return dout / T(scale) * Select(y <= T(0), T(0), Select(y < T(threshold), x + y, T(threshold)));
  }
};

struct Gelu {
  bool approximate = false;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    if (approximate) return T(0.5) * x * (T(1) + Tanh(T(kSqrt2OverPi) * (x + T(kCubic) * x * x * x)));
    return T(0.5) * x * (T(1) + Erf(x * T(kSqrtHalf)));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    if (approximate) {
      const T t = Tanh(T(kSqrt2OverPi) * (x + T(kCubic) * x * x * x));
      return dout * T(0.5) * (T(1) + t + x * (T(1) - t * t) * T(kSqrt2OverPi) * (T(1) + T(3 * kCubic) * x * x));
    }
    return dout * (T(0.5) * (T(1) + Erf(x * T(kSqrtHalf))) + x * T(kDensity) * Exp(T(-0.5) * x * x));
  }

  static constexpr double kSqrt2OverPi = 0.79788456080286535588, kSqrtHalf = 0.70710678118654752440, kCubic = 0.044715;
  static constexpr double kDensity = 0.39894228040143267794;  // 1 / sqrt(2 pi)
};

// x * tanh(softplus(x)); beyond the threshold softplus(x) is x, below its negative it is exp(x).
struct Mish {
  float threshold = 20;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T Inner(T x) const {
    const T t = threshold;
    return Select(x > t, x, Select(x < -t, Exp(x), Softplus(x)));
  }
  template <class T>
  constexpr T operator()(T x) const {
    return x * Tanh(Inner(x));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    const T t = Tanh(Inner(x));
    return dout * (t + x * (T(1) - t * t) * Sigmoid(x));
  }
};

struct Pow {
  float factor = 1;
  static constexpr Saved kSaved = Saved::kX;
  template <class T>
  constexpr T operator()(T x) const {
    if (factor == 1.0f) return x;
    if (factor == 2.0f) return x * x;
    if constexpr (std::is_integral_v<T>) {
      const double y = std::pow(static_cast<double>(x), std::trunc(factor));
      constexpr T kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
      if (y <= static_cast<double>(kLeast)) return kLeast;
      return y < static_cast<double>(kMost) ? static_cast<T>(y) : kMost;
    }
    if (factor == 0.5f) return static_cast<T>(std::sqrt(x));
    return static_cast<T>(std::pow(x, static_cast<T>(factor)));
  }
  template <class T>
  constexpr T Grad(T x, T dout) const {
    if (factor == 1.0f) return dout;
    if (factor == 2.0f) return T(2) * x * dout;
    return static_cast<T>(dout * static_cast<T>(factor) * std::pow(x, static_cast<T>(factor - 1.0f)));
  }
};

}  // namespace paddle::math
