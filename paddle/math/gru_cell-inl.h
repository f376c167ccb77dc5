// The arithmetic of a GRU's cell over vectors of units: text for the namespaces that lane.h speaks of. See gru.h.

// h from the update gate u, the candidate c and h'.
template <class V>
[[gnu::always_inline]] constexpr V GruHidden(bool origin_mode, V update, V candidate, V before) {
  const V from = origin_mode ? candidate : before, to = origin_mode ? before : candidate;
  return hn::MulAdd(update, hn::Sub(to, from), from);
}

template <class V>
struct GruStateGrads {
  V update, candidate, before;  // of the sums that go into u and c, and of h' but by way of the gates
};

// The gradients of GruHidden from that of h.
template <class D, class V, class GateFn, class CandidateFn>
[[gnu::always_inline]] constexpr GruStateGrads<V> GruHiddenGrad(D d, bool origin_mode, V update, V candidate, V before,
                                                                V hidden_grad, GateFn gate, CandidateFn propose) {
  const V from = origin_mode ? candidate : before, to = origin_mode ? before : candidate;
  const V to_grad = hn::Mul(hidden_grad, update), from_grad = hn::Sub(hidden_grad, to_grad);
  return {gate.Backward(d, update, hn::Mul(hidden_grad, hn::Sub(to, from))),
          propose.Backward(d, candidate, origin_mode ? from_grad : to_grad), origin_mode ? to_grad : from_grad};
}
