// The gate functions of recurrent cells over vectors: text for the namespaces that lane.h speaks of.

// A gate function known when compiling: the value, and the slope from the value.
template <Gate kGate>
struct FixedGate {
  constexpr explicit FixedGate(Gate) {}
  template <class D, class V = hn::Vec<D>>
  [[gnu::always_inline]] constexpr V Value(D d, V x) const {
    if constexpr (kGate == Gate::kSigmoid) return Sigmoid(d, x);
    if constexpr (kGate == Gate::kTanh) return Tanh(d, x);
    if constexpr (kGate == Gate::kRelu) return hn::Max(hn::Zero(d), x);
    return x;
  }
  // `gradient` times the slope where the function has the value `y`.
  template <class D, class V = hn::Vec<D>>
  [[gnu::always_inline]] constexpr V Backward(D d, V y, V gradient) const {
    if constexpr (kGate == Gate::kSigmoid) return hn::Mul(gradient, hn::NegMulAdd(y, y, y));
    if constexpr (kGate == Gate::kTanh) return hn::NegMulAdd(hn::Mul(gradient, y), y, gradient);
    if constexpr (kGate == Gate::kRelu) return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), gradient);
    return gradient;
  }
};

// A gate function chosen at run time.
struct AnyGate {
  constexpr explicit AnyGate(Gate gate) : gate(gate) {}
  template <class D, class V = hn::Vec<D>>
  [[gnu::always_inline]] constexpr V Value(D d, V x) const {
    switch (gate) {
      case Gate::kSigmoid:
        return FixedGate<Gate::kSigmoid>(gate).Value(d, x);
      case Gate::kTanh:
        return FixedGate<Gate::kTanh>(gate).Value(d, x);
      case Gate::kRelu:
        return FixedGate<Gate::kRelu>(gate).Value(d, x);
      case Gate::kIdentity:
        break;
    }
    return x;
  }
  template <class D, class V = hn::Vec<D>>
  [[gnu::always_inline]] constexpr V Backward(D d, V y, V gradient) const {
    switch (gate) {
      case Gate::kSigmoid:
        return FixedGate<Gate::kSigmoid>(gate).Backward(d, y, gradient);
      case Gate::kTanh:
        return FixedGate<Gate::kTanh>(gate).Backward(d, y, gradient);
      case Gate::kRelu:
        return FixedGate<Gate::kRelu>(gate).Backward(d, y, gradient);
      case Gate::kIdentity:
        break;
    }
    return gradient;
  }
  Gate gate;
};
