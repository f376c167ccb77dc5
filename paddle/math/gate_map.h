#pragma once
// The functions on gates as element functions, for loops over whole arrays.

#include "paddle/math/activation.h"
#include "paddle/math/gate.h"
#include "paddle/math/map.h"

namespace paddle {

// f(the activation); each computes its gradient from its result.
template <class F>
void VisitGate(Gate gate, const F& f) {
  switch (gate) {
    case Gate::kSigmoid:
      return f(math::SigmoidFn{});
    case Gate::kTanh:
      return f(math::TanhFn{});
    case Gate::kRelu:
      return f(math::Relu{});
    case Gate::kIdentity:
      return f(math::Identity{});
  }
}

// x[i] = gate(x[i]) on this thread.
template <class T>
void ApplyGate(Gate gate, T* x, int64_t n) {
  VisitGate(gate, [=](auto f) { math::MapSerial(f, x, x, n); });
}

// gradient[i], of gate's result y[i], becomes that of its argument; on this thread.
template <class T>
void ApplyGateGrad(Gate gate, const T* y, T* gradient, int64_t n) {
  VisitGate(gate,
            [=](auto f) { math::MapSerial([f](T value, T d) { return f.Grad(value, d); }, y, gradient, gradient, n); });
}

}  // namespace paddle
