// The arithmetic of an LSTM's cell over vectors of units: text for the namespaces that lane.h speaks of. See lstm.h.

template <class V>
struct LstmValues {
  V candidate, in, forget, out, cell, shown, hidden;
};

// One step. x: the sums that go into c~, i, f, o, without peepholes; `before`: c'; peephole: w_ic, w_fc, w_oc.
template <bool kPeepholes, class D, class V, class GateFn, class CellFn, class CandidateFn>
[[gnu::always_inline]] constexpr LstmValues<V> LstmCell(D d, const V* x, V before, const V* peephole, GateFn gate,
                                                        CellFn show, CandidateFn propose) {
  V x_in = x[1], x_forget = x[2], x_out = x[3];
  if constexpr (kPeepholes) {
    x_in = hn::MulAdd(peephole[0], before, x_in);
    x_forget = hn::MulAdd(peephole[1], before, x_forget);
  }
  const V candidate = propose.Value(d, x[0]), in = gate.Value(d, x_in), forget = gate.Value(d, x_forget);
  const V cell = hn::MulAdd(forget, before, hn::Mul(in, candidate));
  if constexpr (kPeepholes) x_out = hn::MulAdd(peephole[2], cell, x_out);
  const V out = gate.Value(d, x_out), shown = show.Value(d, cell);
  return {candidate, in, forget, out, cell, shown, hn::Mul(out, shown)};
}

template <class V>
struct LstmGrads {
  V candidate, in, forget, out, before;  // of the sums x, and of c' by way of this step
};

// The gradients of one step from those of h and c; `gates`: c~, i, f, o.
template <bool kPeepholes, class D, class V, class GateFn, class CellFn, class CandidateFn>
[[gnu::always_inline]] constexpr LstmGrads<V> LstmCellGrad(D d, const V* gates, V cell, V before, V hidden_grad,
                                                           V cell_grad, const V* peephole, GateFn gate, CellFn show,
                                                           CandidateFn propose) {
  const V candidate = gates[0], in = gates[1], forget = gates[2], out = gates[3], shown = show.Value(d, cell);
  const V out_grad = gate.Backward(d, out, hn::Mul(hidden_grad, shown));
  cell_grad = hn::Add(cell_grad, show.Backward(d, shown, hn::Mul(hidden_grad, out)));
  if constexpr (kPeepholes) cell_grad = hn::MulAdd(out_grad, peephole[2], cell_grad);
  const V in_grad = gate.Backward(d, in, hn::Mul(cell_grad, candidate));
  const V forget_grad = gate.Backward(d, forget, hn::Mul(cell_grad, before));
  const V candidate_grad = propose.Backward(d, candidate, hn::Mul(cell_grad, in));
  V before_grad = hn::Mul(cell_grad, forget);
  if constexpr (kPeepholes)
    before_grad = hn::MulAdd(in_grad, peephole[0], hn::MulAdd(forget_grad, peephole[1], before_grad));
  return {candidate_grad, in_grad, forget_grad, out_grad, before_grad};
}
