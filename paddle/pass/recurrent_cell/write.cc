#include "paddle/pass/recurrent_cell/write.h"

#include <algorithm>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>

#include "paddle/base/errors.h"
#include "paddle/pass/recurrent_cell/pieces.h"
#include "paddle/pass/recurrent_cell/tape.h"

namespace paddle::recurrent_cell {
namespace {

class Writer {
 public:
  Writer(const Loop& loop, const Cell& cell, BlockDesc* block)
      : loop_(loop), cell_(cell), block_(*block), ops_(block, block->op(static_cast<int>(loop.op))), pieces_(&ops_) {}

  Written Run() {
    for (const Gate& gate : cell_.gates) {
      for (const auto& product : gate.products) pieces_.Use(product.second);
      for (const auto& part : gate.projected) pieces_.Use(Projected(part));
      for (const Piece& bias : gate.biases) pieces_.Use(bias);
      pieces_.Use(gate.recurrent);
    }
    dtype_ = ops_.DTypeOf(loop_.inputs.at(0).sequences);
    if (cell_.lstm)
      WriteLstm();
    else
      WriteGru();
    Written written;
    if (loop_.grad_op) written.backward = Backward();
    written.forward = std::move(ops_.ops());
    return written;
  }

 private:
  Piece Projected(const std::pair<int, Interval>& part) { return {SequencesOf(part.first), kAllRows, part.second}; }

  // ---- steps of a fixed number: [steps, sequences, columns] outside ----

  bool fixed_steps() const { return loop_.table.empty(); }
  OpList::Attrs SwapAttrs() const { return {{"axis", std::vector<int32_t>{1, 0, 2}}}; }

  // A step input as a LoDTensor [rows, columns].
  std::string SequencesOf(int input) {
    const std::string& name = loop_.inputs[input].sequences;
    if (!fixed_steps()) return name;
    auto& made = sequences_[name];
    if (!made.empty()) return made;
    const auto columns = static_cast<int32_t>(ops_.ShapeOf(name).at(2));
    const std::string swapped = ops_.Emit("transpose", {{"X", {name}}}, SwapAttrs());
    const std::string rows = ops_.Emit("reshape", {{"X", {swapped}}}, {{"shape", std::vector<int32_t>{-1, columns}}});
    return made = ops_.Emit("lod_reset", {{"X", {rows}}, {"Y", {Offsets()}}});
  }

  std::string Number(int64_t value) {
    return ops_.Emit("fill_constant", {},
                     {{"shape", std::vector<int64_t>{1}},
                      {"value", static_cast<float>(value)},
                      {"dtype", static_cast<int32_t>(DType::kInt32)}});
  }

  // One size of the first step input.
  std::string Size(int axis) {
    auto& made = sizes_[axis];
    if (!made.empty()) return made;
    if (axis == 0 && loop_.steps > 0) return made = Number(loop_.steps);
    if (shape_.empty()) shape_ = ops_.Emit("shape", {{"Input", {loop_.inputs[0].sequences}}});
    return made = ops_.Emit("slice", {{"Input", {shape_}}},
                            {{"axes", std::vector<int32_t>{0}},
                             {"starts", std::vector<int32_t>{axis}},
                             {"ends", std::vector<int32_t>{axis + 1}}});
  }

  // 0, steps, 2 steps, ..., to the number of rows.
  std::string Offsets() {
    if (!offsets_.empty()) return offsets_;
    const std::string rows = ops_.Emit("elementwise_mul", {{"X", {Size(1)}}, {"Y", {Size(0)}}});
    const std::string end = ops_.Emit("elementwise_add", {{"X", {rows}}, {"Y", {Size(0)}}});
    return offsets_ = ops_.Emit("range", {{"Start", {Number(0)}}, {"End", {end}}, {"Step", {Size(0)}}});
  }

  // The state in all rows, in the form of the loop's outputs.
  void WriteOutput(const std::string& state, const std::string& to) {
    const auto steps = static_cast<int32_t>(loop_.steps), width = static_cast<int32_t>(cell_.width);
    std::vector<OpDesc::Slot> inputs = {{"X", {state}}};
    if (steps < 0)
      inputs.push_back(
          {"Shape", {ops_.Emit("concat", {{"X", {Size(1), Size(0), Number(width)}}}, {{"axis", int32_t{0}}})}});
    const std::string swapped =
        ops_.Emit("reshape", inputs, {{"shape", std::vector<int32_t>{-1, std::max(steps, 0), width}}});
    ops_.Append("transpose", {{"X", {swapped}}}, {{"Out", {to}}}, SwapAttrs());
  }

  // What all step inputs add to the gates, [rows, gates * width].
  std::string Input() {
    const Gate& first = cell_.gates[0];
    std::vector<std::string> terms;
    for (size_t k = 0; k < first.products.size(); ++k) {
      std::vector<Piece> parts;
      for (const Gate& gate : cell_.gates) parts.push_back(gate.products[k].second);
      const std::string sequences = SequencesOf(first.products[k].first);
      terms.push_back(ops_.Emit("mul", {{"X", {sequences}}, {"Y", {pieces_.Join(parts)}}}));
    }
    for (size_t k = 0; k < first.projected.size(); ++k) {
      std::vector<Piece> parts;
      for (const Gate& gate : cell_.gates) parts.push_back(Projected(gate.projected[k]));
      terms.push_back(pieces_.Join(parts));
    }
    return Sum(terms);
  }

  std::string Sum(const std::vector<std::string>& terms) {
    std::string sum = terms.at(0);
    for (size_t k = 1; k < terms.size(); ++k) sum = ops_.Emit("elementwise_add", {{"X", {sum}}, {"Y", {terms[k]}}});
    return sum;
  }

  // The attributes of a constant, all digits of it.
  OpList::Attrs Constant(double value) const {
    std::ostringstream text;
    text << std::setprecision(17) << value;
    return {{"value", static_cast<float>(value)},
            {"str_value", std::move(text).str()},
            {"dtype", static_cast<int32_t>(dtype_)}};
  }

  std::string Filled(double value, int64_t width) {
    OpList::Attrs attrs = Constant(value);
    attrs.emplace_back("shape", std::vector<int64_t>{1, width});
    return ops_.Emit("fill_constant", {}, attrs);
  }

  // The biases of all gates, [1, gates * width]; empty if they have none. Each term has one of each gate, or zeros.
  std::string Bias() {
    std::vector<std::string> terms;
    size_t count = 0;
    bool constant = false;
    for (const Gate& gate : cell_.gates) {
      count = std::max(count, gate.biases.size());
      constant |= gate.constant != 0;
    }
    for (size_t k = 0; k < count; ++k) {
      std::vector<std::string> parts;
      std::vector<Piece> all;
      for (const Gate& gate : cell_.gates)
        if (k < gate.biases.size()) all.push_back(gate.biases[k]);
      if (all.size() == cell_.gates.size()) {
        terms.push_back(pieces_.Join(all));
        continue;
      }
      for (const Gate& gate : cell_.gates)
        parts.push_back(k < gate.biases.size() ? pieces_.Join({gate.biases[k]}) : Filled(0, cell_.width));
      terms.push_back(ops_.Emit("concat", {{"X", parts}}, {{"axis", int32_t{1}}}));
    }
    if (constant) {
      std::vector<std::string> parts;
      for (const Gate& gate : cell_.gates) parts.push_back(Filled(gate.constant, cell_.width));
      terms.push_back(ops_.Emit("concat", {{"X", parts}}, {{"axis", int32_t{1}}}));
    }
    return terms.empty() ? std::string() : Sum(terms);
  }

  // A state before the first step, a row a sequence. Loops have them with the longest sequence first.
  std::string Initial(int number) {
    const Loop::State& state = loop_.states[number];
    if (!state.constant && fixed_steps()) return state.init;
    if (!state.constant)
      return ops_.Emit("reorder_lod_tensor_by_rank_grad", {{"X", {state.init}}, {"RankTable", {loop_.table}}});
    const std::string like =
        ops_.Emit("sequence_pool", {{"X", {SequencesOf(0)}}}, {{"pooltype", std::string("FIRST")}});
    OpList::Attrs attrs = Constant(*state.constant);
    attrs.emplace_back("shape", std::vector<int32_t>{-1, static_cast<int32_t>(cell_.width)});
    return ops_.Emit("fill_constant_batch_size_like", {{"Input", {like}}}, attrs);
  }
  bool StartsAtZero(int number) const { return loop_.states[number].constant == 0.0; }

  // The variable that the op writes a state to; other outputs of the same state are copies.
  std::string OutputOf(int state) {
    if (fixed_steps()) return ops_.NewName();
    for (size_t i = 0; i < loop_.outputs.size(); ++i)
      if (cell_.output_state[i] == state) return loop_.outputs[i].whole;
    return ops_.NewName();
  }
  void CopyOutputs(int state, const std::string& made) {
    for (size_t i = 0; i < loop_.outputs.size(); ++i)
      if (cell_.output_state[i] == state && fixed_steps())
        WriteOutput(made, loop_.outputs[i].whole);
      else if (cell_.output_state[i] == state && loop_.outputs[i].whole != made)
        ops_.Append("assign", {{"X", {made}}}, {{"Out", {loop_.outputs[i].whole}}}, {});
  }

  std::string Recurrent(size_t begin, size_t end) {
    std::vector<Piece> parts;
    for (size_t k = begin; k < end; ++k) parts.push_back(cell_.gates[k].recurrent);
    return pieces_.Join(parts);
  }

  void WriteLstm() {
    const std::string input = Input(), weight = Recurrent(0, 4);
    std::string bias = Bias();
    if (bias.empty()) bias = Filled(0, 4 * cell_.width);
    std::vector<OpDesc::Slot> inputs = {{"Input", {input}}, {"Weight", {weight}}, {"Bias", {bias}}};
    if (!StartsAtZero(cell_.hidden) || !StartsAtZero(cell_.memory)) {
      inputs.push_back({"H0", {Initial(cell_.hidden)}});
      inputs.push_back({"C0", {Initial(cell_.memory)}});
    }
    const std::string hidden = OutputOf(cell_.hidden), memory = OutputOf(cell_.memory);
    ops_.Append("lstm", inputs,
                {{"Hidden", {hidden}},
                 {"Cell", {memory}},
                 {"BatchGate", {ops_.NewName()}},
                 {"BatchCellPreAct", {ops_.NewName()}}},
                {{"use_peepholes", false},
                 {"is_reverse", false},
                 {"gate_activation", std::string("sigmoid")},
                 {"cell_activation", cell_.cell_activation},
                 {"candidate_activation", cell_.candidate_activation}});
    CopyOutputs(cell_.hidden, hidden);
    CopyOutputs(cell_.memory, memory);
  }

  // The weight of gru is [width, 2 width] and [width, width], one behind the other.
  std::string GruWeight() {
    const auto width = static_cast<int32_t>(cell_.width);
    const std::string gates =
        ops_.Emit("reshape", {{"X", {Recurrent(0, 2)}}}, {{"shape", std::vector{2 * width, width}}});
    const std::string all = ops_.Emit("concat", {{"X", {gates, Recurrent(2, 3)}}}, {{"axis", int32_t{0}}});
    return ops_.Emit("reshape", {{"X", {all}}}, {{"shape", std::vector{width, 3 * width}}});
  }

  void WriteGru() {
    const std::string input = Input(), weight = GruWeight(), bias = Bias();
    std::vector<OpDesc::Slot> inputs = {{"Input", {input}}, {"Weight", {weight}}};
    if (!bias.empty()) inputs.push_back({"Bias", {bias}});
    if (!StartsAtZero(cell_.hidden)) inputs.push_back({"H0", {Initial(cell_.hidden)}});
    const std::string hidden = OutputOf(cell_.hidden);
    ops_.Append("gru", inputs,
                {{"Hidden", {hidden}},
                 {"BatchGate", {ops_.NewName()}},
                 {"BatchResetHiddenPrev", {ops_.NewName()}},
                 {"BatchHidden", {ops_.NewName()}}},
                {{"activation", cell_.candidate_activation},
                 {"gate_activation", std::string("sigmoid")},
                 {"is_reverse", false},
                 {"origin_mode", cell_.origin_mode}});
    CopyOutputs(cell_.hidden, hidden);
  }

  // ---- gradients ----

  // From the variables around the loop whose gradients are wanted to their names.
  std::vector<std::pair<std::string, std::string>> WantedGradients() const {
    std::vector<std::pair<std::string, std::string>> wanted;
    const auto add = [&](const std::string& name, const std::string& grad) {
      if (!grad.empty()) wanted.emplace_back(name, grad);
    };
    for (const auto& input : loop_.inputs) add(input.sequences, input.grad);
    for (const auto& state : loop_.states) add(state.init, state.grad);
    for (const auto& parameter : loop_.parameters) add(parameter.name, parameter.grad);
    for (size_t i = 0; i < wanted.size(); ++i)
      for (size_t k = i + 1; k < wanted.size(); ++k)
        Require(wanted[i].first != wanted[k].first && wanted[i].second != wanted[k].second, "'", wanted[i].first,
                "' has several gradients");
    return wanted;
  }

  std::vector<OpDesc> Backward() {
    const auto wanted = WantedGradients();
    std::set<std::string> reached;  // what depends on a wanted variable
    for (const auto& entry : wanted) reached.insert(entry.first);
    for (const OpDesc& op : ops_.ops()) {
      const auto inputs = op.InputNames();
      if (std::any_of(inputs.begin(), inputs.end(), [&](const auto& name) { return reached.contains(name); }))
        for (const auto& name : op.OutputNames()) reached.insert(name);
    }
    OpList made(&block_, block_.op(static_cast<int>(*loop_.grad_op)));
    Tape tape({.wanted = [&](const std::string& name) { return reached.contains(name); },
               .is_array = [](const std::string&) { return false; },
               .name = [&](const std::string&) { return made.NewName(); }});
    for (const auto& output : loop_.outputs)
      if (!output.grad.empty()) tape.Give(output.whole, output.grad);
    for (size_t k = ops_.ops().size(); k-- > 0;) tape.Differentiate(ops_.ops()[k]);
    for (const auto& [name, grad] : wanted) {
      const std::string total = tape.Total(name);
      Require(!total.empty(), "'", name, "' gets no gradient");
      if (IsSequences(name) && !IsGradientOfFactor(tape.ops(), total, name)) {  // else it may lack the LoD
        OpDesc reset("lod_reset");
        reset.SetInput("X", {total});
        reset.SetInput("Y", {name});
        reset.SetOutput("Out", {grad});
        tape.ops().push_back(std::move(reset));
        continue;
      }
      for (OpDesc& op : tape.ops()) {
        op.RenameOutput(total, grad);
        op.RenameInput(total, grad);
      }
    }
    for (OpDesc& op : tape.ops()) made.Append(std::move(op));
    return std::move(made.ops());
  }
  bool IsSequences(const std::string& name) const {
    return !fixed_steps() && std::any_of(loop_.inputs.begin(), loop_.inputs.end(),
                                         [&](const Loop::Input& input) { return input.sequences == name; });
  }
  // Whether the gradient is what a product gives for its left factor, the variable itself: it has its LoD then.
  static bool IsGradientOfFactor(const std::vector<OpDesc>& ops, const std::string& grad, const std::string& name) {
    return std::any_of(ops.begin(), ops.end(), [&](const OpDesc& op) {
      return op.type() == "mul_grad" && op.Output("X@GRAD") == std::vector{grad} && op.Input("X") == std::vector{name};
    });
  }

  const Loop& loop_;
  const Cell& cell_;
  BlockDesc& block_;
  OpList ops_;
  Pieces pieces_;
  int dtype_ = 0;
  std::map<std::string, std::string> sequences_;  // see SequencesOf
  std::string offsets_, shape_;
  std::map<int, std::string> sizes_;  // by axis
};

}  // namespace

Written Write(const Loop& loop, const Cell& cell, BlockDesc* block) { return Writer(loop, cell, block).Run(); }

}  // namespace paddle::recurrent_cell
