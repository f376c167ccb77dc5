#pragma once
// One element under the names that Highway and gates-inl.h have for vectors: what is written over those also compiles
// for one element, on the host and on CUDA. *-inl.h files without a guard are such text: each is included inside a
// namespace that has `hn`, Sigmoid and Tanh, which is Highway's once for each target, and this one.

#include "paddle/math/functions.h"
#include "paddle/math/gate.h"

namespace paddle::lane {
namespace hn {

template <class T>
struct Tag {
  using Element = T;
};
template <class D>
using Vec = typename D::Element;

template <class D>
constexpr Vec<D> Zero(D) {
  return 0;
}
template <class V>
constexpr V Add(V a, V b) {
  return a + b;
}
template <class V>
constexpr V Sub(V a, V b) {
  return a - b;
}
template <class V>
constexpr V Mul(V a, V b) {
  return a * b;
}
template <class V>
constexpr V MulAdd(V a, V b, V c) {
  return a * b + c;
}
template <class V>
constexpr V NegMulAdd(V a, V b, V c) {
  return c - a * b;
}
template <class V>
constexpr V Max(V a, V b) {  // b where one is NaN, as the processor's instruction
  return a > b ? a : b;
}
template <class V>
constexpr bool Gt(V a, V b) {
  return a > b;
}
template <class V>
constexpr V IfThenElseZero(bool mask, V v) {
  return mask ? v : V(0);
}

}  // namespace hn

template <class D, class V = hn::Vec<D>>
constexpr V Sigmoid(D, V x) {
  return math::Sigmoid(x);
}
template <class D, class V = hn::Vec<D>>
constexpr V Tanh(D, V x) {
  return math::Tanh(x);
}

#include "paddle/math/gate_functors-inl.h"

}  // namespace paddle::lane
