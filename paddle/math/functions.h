#pragma once
// Elementary functions of one element, written once for the CPU and for CUDA (constexpr functions are callable on
// both).
//
// The float versions are polynomials without branches, so that a loop over them becomes vector code; their relative
// error is below 3e-7. They take and give infinities and NaN as the C library does; results below 1e-38 may be flushed
// to zero. The double versions are the C library's. Coefficients: least squares with minimax weights, own computation.

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace paddle::math {

// Horner's rule, lowest coefficient first.
template <class T>
constexpr T Polynomial(T, T c0) {
  return c0;
}
template <class T, class... Rest>
constexpr T Polynomial(T x, T c0, Rest... rest) {
  return c0 + x * Polynomial(x, rest...);
}

// c ? a : b; for float by masks, so that no optimisation turns it into a branch, which would keep loops scalar.
template <class T>
constexpr T Select(bool c, T a, T b) {
  if constexpr (std::is_same_v<T, float>) {
    const uint32_t mask = -static_cast<uint32_t>(c);
    return std::bit_cast<float>((std::bit_cast<uint32_t>(a) & mask) | (std::bit_cast<uint32_t>(b) & ~mask));
  } else {
    return c ? a : b;
  }
}

template <class T>
constexpr T Min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
constexpr T Max(T a, T b) {
  return a < b ? b : a;
}
template <class T>
constexpr T Abs(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fabs(x);
  else
    return x < T(0) ? T(-x) : x;
}
// 1, -1 or 0; 0 for NaN.
template <class T>
constexpr T Sign(T x) {
  return static_cast<T>(static_cast<T>(x > T(0)) - static_cast<T>(x < T(0)));
}
template <class T>
constexpr T Sqrt(T x) {
  return std::sqrt(x);
}

// 2^n for -252 <= n <= 254, in two factors: both ends of the range are reached.
constexpr float ScaleByPowerOfTwo(float x, int n) {
  const int half = n >> 1;
  return x * std::bit_cast<float>((half + 127) << 23) * std::bit_cast<float>((n - half + 127) << 23);
}

constexpr float Exp(float x) {
  const float low = x < -104.0f ? -104.0f : x;  // NaN passes both
  const float y = low > 89.0f ? 89.0f : low;
  const float shifted = y * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: rounds to the nearest integer
  const float n = shifted - 12582912.0f;
  const float r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
  const float p = Polynomial(r, 0.500000003f, 0.166665734f, 0.0416663636f, 0.00836377615f, 0.00139421486f);
  return ScaleByPowerOfTwo(1.0f + (r + r * r * p), std::bit_cast<int>(shifted) - 0x4B400000);
}
constexpr double Exp(double x) { return std::exp(x); }

constexpr float Log(float x) {
  // x = 2^n * m with m in [sqrt(1/2), sqrt(2))
  const uint32_t bits = std::bit_cast<uint32_t>(x) - 0x3F3504F3u;
  const int n = static_cast<int>(bits) >> 23;
  const float f = std::bit_cast<float>((bits & 0x7FFFFFu) + 0x3F3504F3u) - 1.0f;
  const float p = Polynomial(f, 0.333333313f, -0.249999812f, 0.200006882f, -0.166691496f, 0.142511524f, -0.123967299f,
                             0.116347252f, -0.116597485f, 0.0733213468f);
  const float e = static_cast<float>(n);
  const float f2 = f * f;
  const float y = (f - (0.5f * f2 - (f2 * f * p - e * 2.12194440e-4f))) + e * 0.693359375f;
  const float finite = Select(x > 3.402823466e38f, x, y);
  const float positive = Select(x < 1.17549435e-38f, -std::numeric_limits<float>::infinity(), finite);
  const float valid = Select(x < 0.0f, std::numeric_limits<float>::quiet_NaN(), positive);
  return Select(x != x, x, valid);
}
constexpr double Log(double x) { return std::log(x); }

// log(1 + x), right for small x too: the rounding error of 1 + x is divided out.
constexpr float Log1p(float x) {
  const float u = 1.0f + x;
  const float d = u - 1.0f;
  const float y = Log(u) * (x / d);
  return Select(u > 3.402823466e38f, u, Select(d == 0.0f, x, y));
}
constexpr double Log1p(double x) { return std::log1p(x); }

constexpr float Tanh(float x) {
  const float a = std::fabs(x);
  const float u = a * a;
  const float small =
      a + a * u * Polynomial(u, -0.333333292f, 0.133327945f, -0.0538540651f, 0.0210100633f, -0.00611316891f);
  const float large = 1.0f - 2.0f / (Exp(2.0f * a) + 1.0f);
  return std::copysign(Select(a < 0.625f, small, large), x);
}
constexpr double Tanh(double x) { return std::tanh(x); }

constexpr float Sigmoid(float x) { return 1.0f / (1.0f + Exp(-x)); }
constexpr double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// log(1 + e^x) without overflow.
template <class T>
constexpr T Softplus(T x) {
  const T a = Abs(x);
  return Max(x, T(0)) + Log1p(Exp(-a));
}

constexpr float Erf(float x) {
  const float a = std::fabs(x);
  const float u = a * a;
  const float small = a * Polynomial(u, 1.12837917f, -0.376126258f, 0.112835851f, -0.0268538117f, 0.00518832719f,
                                     -0.000801018924f, 7.85384688e-05f);
  const float t = 1.0f / (1.0f + 0.5f * (a > 10.0f ? 10.0f : a));
  const float p = Polynomial(t, 0.282098876f, 0.28203025f, 0.247040126f, 0.178448423f, 0.0618350617f, 0.0812572603f,
                             -0.225329312f, 0.0931906283f);
  const float large = 1.0f - t * p * Exp(-u);
  const float y = std::copysign(Select(a < 1.0f, small, large), x);
  return Select(x != x, x, y);
}
constexpr double Erf(double x) { return std::erf(x); }

// The inverse of erf for |x| <= 0.955 (two standard deviations of the normal distribution), relative error 1e-7.
constexpr float ErfInv(float x) {
  const float w = -Log((1.0f - x) * (1.0f + x));
  return x * Polynomial(w, 0.886226907f, 0.232014527f, 0.0115428526f, -0.00231680203f, -0.000152847288f,
                        6.42966561e-05f, -4.52588668e-06f);
}
// As above, to double precision: one Newton step on the float value.
constexpr double ErfInv(double x) {
  double y = ErfInv(static_cast<float>(x));
  for (int i = 0; i < 2; ++i) y -= (std::erf(y) - x) * std::exp(y * y) * 0.88622692545275801365;
  return y;
}

template <class T>
struct SinCosPair {
  T sin, cos;
};

// Sine and cosine of 2 pi t, t in [0, 1].
constexpr SinCosPair<float> SinCosOfTurns(float t) {
  const float quarter = static_cast<float>(static_cast<int>(t * 4.0f + 0.5f));
  const float r = t - 0.25f * quarter;
  const float u = r * r;
  const float s = r * Polynomial(u, 6.28318529f, -41.3416615f, 81.5923535f, -75.3935623f);
  const float c = Polynomial(u, 1.0f, -19.7392086f, 64.9393107f, -85.442298f, 59.2027958f);
  const int q = static_cast<int>(quarter) & 3;
  const float sine = (q & 1) ? c : s;
  const float cosine = (q & 1) ? s : c;
  return {(q & 2) ? -sine : sine, (q == 1 || q == 2) ? -cosine : cosine};
}
constexpr SinCosPair<double> SinCosOfTurns(double t) {
  constexpr double kTwoPi = 6.283185307179586476925;
  return {std::sin(kTwoPi * t), std::cos(kTwoPi * t)};
}

}  // namespace paddle::math
