// Sigmoid, tanh and the other gate functions of recurrent cells on vectors, for each target of Highway.
// Relative error below 3 units in the last place; NaN stays NaN.

#if defined(PADDLE_MATH_GATES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PADDLE_MATH_GATES_INL_H_
#undef PADDLE_MATH_GATES_INL_H_
#else
#define PADDLE_MATH_GATES_INL_H_
#endif

#include "hwy/highway.h"
#include "paddle/math/gate.h"

HWY_BEFORE_NAMESPACE();
namespace paddle {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// exp(x) - 1 = power * part + (power - 1) with power = 2^n and |part| <= sqrt(2) - 1: sums with either keep their
// precision.
template <class V>
struct ExpParts {
  V power, part;
};

// Minimax polynomial of (exp(r) - 1 - r) / r^2 on |r| <= ln(2) / 2: exp(r) - 1 within 1.5e-8 of itself.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExpTail(D d, V r, float) {
  V q = hn::MulAdd(hn::Set(d, 0.0013947574f), r, hn::Set(d, 0.008367234f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.041666266f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.16666538f));
  return hn::MulAdd(q, r, hn::Set(d, 0.5f));
}

// Taylor series of the same; the first term left out is 3e-18.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExpTail(D d, V r, double) {
  V q = hn::Set(d, 1.0 / 6227020800);  // 1 / 13!
  constexpr double kInverse[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                                 1.0 / 720,       1.0 / 120,      1.0 / 24,      1.0 / 6,      1.0 / 2};
  for (const double c : kInverse) q = hn::MulAdd(q, r, hn::Set(d, c));
  return q;
}

// 2^n of whole numbers n within the exponent's range.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V PowerOfTwo(D d, V n, float) {
  const hn::Rebind<int32_t, D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127))));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V PowerOfTwo(D d, V n, double) {
  // Adding 1.5 * 2^52 leaves the whole number in the low bits, on every target.
  const hn::Rebind<int64_t, D> di;
  const V magic = hn::Set(d, 6755399441055744.0);
  const auto bits = hn::BitCast(di, hn::Add(n, magic));
  return hn::BitCast(d, hn::ShiftLeft<52>(hn::Add(bits, hn::Set(di, int64_t{1023}))));
}

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  static constexpr float kLargest = 87.0f, kTanhOne = 18.0f;  // tanh(x) rounds to 1 above kTanhOne / 2
};
template <>
struct ExpConstants<double> {
  static constexpr double kLog2E = 1.4426950408889634, kLn2High = 0.693145751953125, kLn2Low = 1.42860682030941723e-6;
  static constexpr double kLargest = 708.0, kTanhOne = 40.0;
};

// `x` within +-kLargest.
template <class D, class V = hn::Vec<D>>
HWY_INLINE ExpParts<V> SplitExp(D d, V x) {
  using T = hn::TFromD<D>;
  using C = ExpConstants<T>;
  const V n = hn::Round(hn::Mul(x, hn::Set(d, C::kLog2E)));
  V r = hn::NegMulAdd(n, hn::Set(d, C::kLn2High), x);
  r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), r);
  const V part = hn::MulAdd(hn::Mul(r, r), ExpTail(d, r, T{}), r);
  return {PowerOfTwo(d, n, T{}), part};
}

// `x` cut to +-limit. The order of the operands lets NaN through.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Cut(D d, V x, hn::TFromD<D> limit) {
  return hn::Min(hn::Set(d, limit), hn::Max(hn::Set(d, -limit), x));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const auto e = SplitExp(d, Cut(d, hn::Neg(x), ExpConstants<hn::TFromD<D>>::kLargest));
  const V one = hn::Set(d, hn::TFromD<D>{1});
  return hn::Div(one, hn::MulAdd(e.power, e.part, hn::Add(e.power, one)));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Tanh(D d, V x) {
  const auto e = SplitExp(d, Cut(d, hn::Add(x, x), ExpConstants<hn::TFromD<D>>::kTanhOne));
  const V one = hn::Set(d, hn::TFromD<D>{1});
  return hn::Div(hn::MulAdd(e.power, e.part, hn::Sub(e.power, one)),
                 hn::MulAdd(e.power, e.part, hn::Add(e.power, one)));
}

#include "paddle/math/gate_functors-inl.h"

}  // namespace HWY_NAMESPACE
}  // namespace paddle
HWY_AFTER_NAMESPACE();
#endif
