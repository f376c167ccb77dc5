#include "paddle/pass/recurrent_cell/match.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "paddle/base/errors.h"

namespace paddle::recurrent_cell {
namespace {

class Matcher {
 public:
  Matcher(const Loop& loop, const Body& body, Algebra* algebra) : loop_(loop), body_(body), algebra_(*algebra) {}

  Cell Run() {
    for (const auto& state : loop_.states) {
      before_.push_back(ValueOf(state.before));
      after_.push_back(ValueOf(state.after));
    }
    Cell cell;
    if (loop_.states.size() == 1)
      cell = Gru();
    else if (loop_.states.size() == 2)
      cell = Lstm();
    else
      throw InvalidArgument(StrCat("it has ", loop_.states.size(), " memories, neither an LSTM nor a GRU"));
    CheckGates(cell);
    for (const auto& output : loop_.outputs) cell.output_state.push_back(StateOf(ValueOf(output.step)));
    return cell;
  }

 private:
  Polynomial ValueOf(const std::string& name) const {
    const auto found = body_.values.find(name);
    if (found == body_.values.end())
      throw InvalidArgument(body_.unknown.empty() ? StrCat("'", name, "' is not computed in it")
                                                  : StrCat("op ", body_.unknown, " is in it"));
    Require(found->second.size() == 1 && found->second[0].width > 0, "'", name, "' is several values side by side");
    return found->second[0].value;
  }

  int StateOf(const Polynomial& value) const {
    const auto found = std::find(after_.begin(), after_.end(), value);
    Require(found != after_.end(), "it outputs a value that is no state of an LSTM or GRU");
    return static_cast<int>(found - after_.begin());
  }

  // The factors of a product with coefficient 1.
  using Factors = std::vector<int>;
  static const Factors* Single(const Polynomial& value) {
    return value.size() == 1 && value.begin()->second == 1 ? &value.begin()->first : nullptr;
  }
  // Of a product of two, the one that is not the factor number `known`.
  static std::optional<int> Other(const Factors& factors, int known) {
    if (factors.size() != 2) return std::nullopt;
    if (factors[0] == known) return factors[1];
    if (factors[1] == known) return factors[0];
    return std::nullopt;
  }
  bool Is(int number, Factor::Kind kind) const { return algebra_.factor(number).kind == kind; }
  bool IsActivation(int number) const { return Is(number, Factor::kTanh) || Is(number, Factor::kRelu); }
  std::string NameOf(int number) const { return Is(number, Factor::kTanh) ? "tanh" : "relu"; }
  const Polynomial& Operand(int number) const { return algebra_.polynomial(algebra_.factor(number).operand); }
  int BeforeOf(int state) const { return Single(before_[state])->at(0); }

  // ---- LSTM: c = f c' + i c~, h = o tanh(c) ----

  Cell Lstm() {
    for (const int hidden : {0, 1})
      if (auto cell = Lstm(hidden, 1 - hidden)) return *cell;
    throw InvalidArgument("with its two memories it computes no LSTM");
  }

  std::optional<Cell> Lstm(int hidden, int memory) {
    const Factors* output = Single(after_[hidden]);
    if (!output || output->size() != 2 || after_[memory].size() != 2) return std::nullopt;
    int shown = (*output)[0], o = (*output)[1];
    if (!Is(o, Factor::kSigmoid)) std::swap(shown, o);
    if (!Is(o, Factor::kSigmoid) || !IsActivation(shown) || Operand(shown) != after_[memory]) return std::nullopt;
    std::optional<int> f, i, candidate;
    for (const auto& [factors, coefficient] : after_[memory]) {
      if (coefficient != 1 || factors.size() != 2) return std::nullopt;
      if (const auto gate = Other(factors, BeforeOf(memory))) {
        f = gate;
      } else {
        const bool first = Is(factors[0], Factor::kSigmoid);
        i = factors[first ? 0 : 1];
        candidate = factors[first ? 1 : 0];
      }
    }
    if (!f || !i || !Is(*f, Factor::kSigmoid) || !Is(*i, Factor::kSigmoid) || !IsActivation(*candidate))
      return std::nullopt;
    Cell cell{.lstm = true, .hidden = hidden, .memory = memory};
    cell.width = algebra_.factor(BeforeOf(hidden)).columns.size();
    Require(cell.width == algebra_.factor(BeforeOf(memory)).columns.size(), "its memories have other sizes");
    for (const int gate : {*candidate, *i, *f, o}) cell.gates.push_back(ReadGate(gate, before_[hidden]));
    cell.candidate_activation = NameOf(*candidate);
    cell.cell_activation = NameOf(shown);
    return cell;
  }

  // ---- GRU: h = h' - u h' + u c~, or h = u h' + c~ - u c~ ----

  Cell Gru() {
    const int before = BeforeOf(0);
    const Polynomial& after = after_[0];
    for (const auto& [factors, coefficient] : after) {
      const auto gate = Other(factors, before);
      if (!gate || !Is(*gate, Factor::kSigmoid)) continue;
      for (const auto& [other, times] : after) {
        const auto candidate = Other(other, *gate);
        if (!candidate || !IsActivation(*candidate)) continue;
        const bool origin = coefficient == 1;
        const Polynomial expected = {
            {{origin ? *candidate : before}, 1.0}, {factors, coefficient}, {other, -coefficient}};
        if (coefficient * coefficient == 1 && after == expected) return Gru(*gate, *candidate, origin);
      }
    }
    throw InvalidArgument("with its one memory it computes no GRU");
  }

  Cell Gru(int u, int candidate, bool origin) {
    Cell cell{.lstm = false, .hidden = 0, .origin_mode = origin};
    cell.width = algebra_.factor(BeforeOf(0)).columns.size();
    cell.candidate_activation = NameOf(candidate);
    const auto [r, reset] = ResetOf(Operand(candidate));
    for (const int gate : {u, r}) cell.gates.push_back(ReadGate(gate, before_[0]));
    cell.gates.push_back(ReadGate(candidate, reset));
    return cell;
  }

  // The gate r in the product of r h' and a matrix, and r h'.
  std::pair<int, Polynomial> ResetOf(const Polynomial& candidate) const {
    for (const auto& entry : candidate) {
      if (entry.first.size() != 1 || !Is(entry.first[0], Factor::kProduct)) continue;
      const Polynomial& operand = Operand(entry.first[0]);
      const Factors* factors = Single(operand);
      const auto r = factors ? Other(*factors, BeforeOf(0)) : std::nullopt;
      if (r && Is(*r, Factor::kSigmoid)) return {*r, operand};
    }
    throw InvalidArgument("its candidate has no product of a reset gate times the memory and a matrix");
  }

  // ---- gates ----

  Gate ReadGate(int number, const Polynomial& recurrent) const {
    Gate gate;
    for (const auto& [factors, coefficient] : Operand(number)) {
      if (factors.empty()) {
        gate.constant = coefficient;
        continue;
      }
      Require(factors.size() == 1 && coefficient == 1, "a gate is no sum of products with parameters, and biases");
      const Factor& factor = algebra_.factor(factors[0]);
      const Piece piece{factor.name, factor.rows, factor.columns, factor.view};
      if (factor.kind == Factor::kBias)
        gate.biases.push_back(piece);
      else if (factor.kind == Factor::kStep)
        gate.projected.emplace_back(factor.index, factor.columns);
      else if (factor.kind == Factor::kProduct)
        AddProduct(factor, piece, recurrent, &gate);
      else
        throw InvalidArgument("a gate is no sum of products with parameters, and biases");
    }
    Require(!gate.recurrent.name.empty(), "a gate does not see the hidden state");
    Require(!gate.products.empty() || !gate.projected.empty(), "a gate sees no step input");
    std::sort(gate.products.begin(), gate.products.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::sort(gate.projected.begin(), gate.projected.end());
    std::sort(gate.biases.begin(), gate.biases.end(),
              [](const Piece& a, const Piece& b) { return std::tie(a.name, a.columns) < std::tie(b.name, b.columns); });
    return gate;
  }

  void AddProduct(const Factor& factor, const Piece& piece, const Polynomial& recurrent, Gate* gate) const {
    const Polynomial& operand = algebra_.polynomial(factor.operand);
    if (operand == recurrent) {
      Require(gate->recurrent.name.empty(), "a gate sees the hidden state twice");
      gate->recurrent = piece;
      return;
    }
    const Factors* single = Single(operand);
    Require(single && single->size() == 1 && Is(single->at(0), Factor::kStep),
            "a gate sees more than step inputs and the hidden state");
    const Factor& step = algebra_.factor(single->at(0));
    const int64_t width = WidthOf(body_.values.at(loop_.inputs[step.index].step));
    Require(step.columns == Interval{0, width}, "a gate sees part of a step input");
    gate->products.emplace_back(step.index, piece);
  }

  // All gates must see the same step inputs, each once.
  static void CheckGates(const Cell& cell) {
    const auto numbers = [](const auto& list) {
      std::vector<int> result;
      for (const auto& entry : list) result.push_back(entry.first);
      return result;
    };
    for (const Gate& gate : cell.gates) {
      const auto products = numbers(gate.products), projected = numbers(gate.projected);
      Require(products == numbers(cell.gates[0].products) && projected == numbers(cell.gates[0].projected),
              "its gates see different step inputs");
      for (const auto& list : {products, projected})
        Require(std::adjacent_find(list.begin(), list.end()) == list.end(), "a gate sees a step input twice");
    }
  }

  const Loop& loop_;
  const Body& body_;
  Algebra& algebra_;
  std::vector<Polynomial> before_, after_;
};

}  // namespace

Cell Match(const Loop& loop, const Body& body, Algebra* algebra) { return Matcher(loop, body, algebra).Run(); }

}  // namespace paddle::recurrent_cell
