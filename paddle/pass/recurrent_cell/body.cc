#include "paddle/pass/recurrent_cell/body.h"

#include <algorithm>
#include <set>

#include "paddle/op/registry.h"

namespace paddle::recurrent_cell {
namespace {

std::string Describe(const OpDesc& op) {
  const std::string line = op.UserLine();
  return line.empty() ? StrCat("'", op.type(), "'") : StrCat("'", op.type(), "' (", line, ")");
}

class Evaluator {
 public:
  Evaluator(const ProgramDesc& program, const Uses& uses, const Loop& loop, Algebra* algebra)
      : block_(program.block(loop.body)), uses_(uses), algebra_(*algebra) {
    for (size_t i = 0; i < loop.inputs.size(); ++i)
      Give(program, loop.inputs[i].step, loop.inputs[i].sequences, loop.table.empty() ? 3 : 2, Factor::kStep, i);
    for (size_t i = 0; i < loop.states.size(); ++i)
      Give(program, loop.states[i].before, loop.states[i].init, 2, Factor::kState, i);
    for (const OpDesc* op : loop.compute) Run(*op);
  }

  Body Result() && { return std::move(body_); }

 private:
  // The columns of rank-2 tensors are all that is looked at.
  void Give(const ProgramDesc& program, const std::string& name, const std::string& outside, size_t rank,
            Factor::Kind kind, size_t index) {
    const auto var = program.block(0).FindVarRecursive(outside);
    const std::vector<int64_t> shape = var && var->HasTensor() ? var->shape() : std::vector<int64_t>{};
    Require(shape.size() == rank && shape.back() > 0, "'", outside, "' has no rank ", rank,
            ", or no known number of columns");
    const Factor factor{.kind = kind, .index = static_cast<int>(index), .columns = {0, shape.back()}};
    Require(written_.insert(name).second, "'", name, "' is two inputs");
    body_.values[name] = algebra_.Make(factor, shape.back());
  }

  void Run(const OpDesc& op) {
    const OpDef& def = Registry::Get().Find(op.type());
    Require(!def.has(kEffect) && !def.has(kIo) && !def.has(kRandom) && op.Blocks().empty(), "op ", Describe(op),
            " must run in each step");
    for (const auto& name : op.OutputNames()) {
      if (name == kEmptyName) continue;
      const auto var = block_.FindVar(name);
      Require(var && !var->persistable(), "op ", Describe(op), " writes '", name, "' outside");
      Require(written_.insert(name).second, "op ", Describe(op), " writes over '", name, "'");
    }
    if (!Known(op) && body_.unknown.empty()) body_.unknown = Describe(op);
  }

  // Programs hold lists of int32 or int64.
  static std::vector<int64_t> Integers(const OpDesc& op, std::string_view attr) {
    const auto list = op.AttrOr<std::vector<int32_t>>(attr, {});
    return list.empty() ? op.AttrOr<std::vector<int64_t>>(attr, {}) : std::vector<int64_t>(list.begin(), list.end());
  }
  const Columns* Find(const std::vector<std::string>& names) const {
    if (names.size() != 1) return nullptr;
    const auto found = body_.values.find(names[0]);
    return found == body_.values.end() ? nullptr : &found->second;
  }
  void Set(const std::vector<std::string>& names, Columns value) {
    if (names.size() == 1) body_.values[names[0]] = std::move(value);
  }
  bool Set(const OpDesc& op, Columns value) {
    Set(op.Output("Out"), std::move(value));
    return true;
  }
  // Whether the attributes of the op come from variables.
  static bool HasInputsBut(const OpDesc& op, std::set<std::string_view> slots) {
    for (const auto& slot : op.inputs())
      if (!slot.args.empty() && !slots.contains(slot.name)) return true;
    return false;
  }
  // Sizes of a variable around the body; empty when they are not known.
  std::vector<int64_t> OuterShape(const std::string& name) const {
    if (const auto own = block_.FindVar(name); own && !own->persistable()) return {};
    const auto var = block_.FindVarRecursive(name);
    if (!var || var->kind() != VarKind::kTensor) return {};
    const auto shape = var->shape();
    return std::all_of(shape.begin(), shape.end(), [](int64_t size) { return size > 0; }) ? shape
                                                                                          : std::vector<int64_t>{};
  }

  bool Known(const OpDesc& op) {
    static const std::map<std::string_view, bool (Evaluator::*)(const OpDesc&)> kRules = {
        {"assign", &Evaluator::Copy},
        {"concat", &Evaluator::Concat},
        {"elementwise_add", &Evaluator::Elementwise},
        {"elementwise_mul", &Evaluator::Elementwise},
        {"elementwise_sub", &Evaluator::Elementwise},
        {"fill_constant", &Evaluator::Fill},
        {"fill_constant_batch_size_like", &Evaluator::Fill},
        {"gru_unit", &Evaluator::GruUnit},
        {"lstm_unit", &Evaluator::LstmUnit},
        {"matmul", &Evaluator::Product},
        {"mul", &Evaluator::Product},
        {"relu", &Evaluator::Function},
        {"rnn_memory_helper", &Evaluator::Copy},
        {"scale", &Evaluator::Scale},
        {"sigmoid", &Evaluator::Function},
        {"slice", &Evaluator::Slice},
        {"split", &Evaluator::Split},
        {"sum", &Evaluator::Sum},
        {"tanh", &Evaluator::Function},
    };
    const auto rule = kRules.find(op.type());
    return rule != kRules.end() && (this->*rule->second)(op);
  }

  bool Copy(const OpDesc& op) {
    const Columns* x = Find(op.Input("X"));
    return x && Set(op, *x);
  }

  bool Function(const OpDesc& op) {
    const Columns* x = Find(op.Input("X"));
    if (!x) return false;
    const auto kind = op.type() == "sigmoid" ? Factor::kSigmoid : op.type() == "tanh" ? Factor::kTanh : Factor::kRelu;
    return Set(op, algebra_.Apply(kind, *x));
  }

  // A bias is a vector, or a matrix of one row.
  std::optional<Columns> Bias(const std::string& name, int axis) {
    const auto shape = OuterShape(name);
    if (shape == std::vector<int64_t>{1})
      if (const OpDesc* fill = uses_.OnlyWriter(name); fill && fill->type() == "fill_constant")
        return Algebra::Constant(FilledWith(*fill));
    const bool vector = shape.size() == 1 && (axis == -1 || axis == 1);
    if (!vector && !(shape.size() == 2 && shape[0] == 1 && (axis == -1 || axis == 0))) return std::nullopt;
    const Factor factor{.kind = Factor::kBias, .name = name, .rows = {0, 1}, .columns = {0, shape.back()}};
    return algebra_.Make(factor, shape.back());
  }

  bool Elementwise(const OpDesc& op) {
    const int axis = op.AttrOr<int32_t>("axis", -1);
    const Columns* x = Find(op.Input("X"));
    const Columns* y = Find(op.Input("Y"));
    if (!x) return false;
    std::optional<Columns> bias;
    if (y) {
      if (axis != -1 && axis != 0) return false;
    } else {
      bias = Bias(op.Input("Y").at(0), axis);
      if (!bias) return false;
      y = &*bias;
    }
    if (op.type() == "elementwise_mul") return Set(op, algebra_.Multiply(*x, *y));
    return Set(op, algebra_.Add(*x, *y, op.type() == "elementwise_sub" ? -1 : 1));
  }

  bool Sum(const OpDesc& op) {
    Columns sum = Algebra::Constant(0);
    for (const auto& name : op.Input("X")) {
      const Columns* x = Find({name});
      if (!x) return false;
      sum = algebra_.Add(sum, *x);
    }
    return Set(op, std::move(sum));
  }

  bool Scale(const OpDesc& op) {
    const Columns* x = Find(op.Input("X"));
    if (!x || HasInputsBut(op, {"X"})) return false;
    const double scale = op.AttrOr<float>("scale", 1), bias = op.AttrOr<float>("bias", 0);
    const bool after = op.AttrOr<bool>("bias_after_scale", true);
    const Columns scaled = algebra_.Add(Algebra::Constant(0), *x, scale);
    return Set(op, algebra_.Add(scaled, Algebra::Constant(after ? bias : bias * scale)));
  }

  bool Product(const OpDesc& op) {
    const Columns* x = Find(op.Input("X"));
    const auto shape =
        op.Input("Y").size() == 1 && !Find(op.Input("Y")) ? OuterShape(op.Input("Y")[0]) : std::vector<int64_t>{};
    if (!x || shape.size() != 2) return false;
    const bool plain =
        op.type() == "mul"
            ? op.AttrOr<int32_t>("x_num_col_dims", 1) == 1 && op.AttrOr<int32_t>("y_num_col_dims", 1) == 1
            : !op.AttrOr<bool>("transpose_X", false) && !op.AttrOr<bool>("transpose_Y", false) &&
                  op.AttrOr<float>("alpha", 1) == 1;
    return plain && Set(op, algebra_.Product(*x, op.Input("Y")[0], shape[0], shape[1]));
  }

  bool Concat(const OpDesc& op) {
    const int axis = op.AttrOr<int32_t>("axis", 0);
    if ((axis != 1 && axis != -1) || HasInputsBut(op, {"X"})) return false;
    Columns all;
    for (const auto& name : op.Input("X")) {
      const Columns* x = Find({name});
      if (!x || all.size() + x->size() > 64) return false;
      all.insert(all.end(), x->begin(), x->end());
    }
    return Set(op, std::move(all));
  }

  bool Split(const OpDesc& op) {
    const Columns* found = Find(op.Input("X"));
    const int axis = op.AttrOr<int32_t>("axis", 0);
    if (!found || (axis != 1 && axis != -1) || HasInputsBut(op, {"X"})) return false;
    const Columns x = *found;
    const auto& outputs = op.Output("Out");
    auto sections = Integers(op, "sections");
    if (op.AttrOr<int32_t>("num", 0) > 0) {
      if (outputs.empty() || WidthOf(x) % static_cast<int64_t>(outputs.size())) return false;
      sections.assign(outputs.size(), WidthOf(x) / static_cast<int64_t>(outputs.size()));
    }
    if (sections.size() != outputs.size()) return false;
    int64_t begin = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (sections[i] <= 0 || sections[i] > WidthOf(x)) return false;
      body_.values[outputs[i]] = algebra_.Slice(x, {begin, begin + sections[i]});
      begin += sections[i];
    }
    return true;
  }

  bool Slice(const OpDesc& op) {
    const Columns* x = Find(op.Input("Input"));
    const auto ints = [&](std::string_view name) { return Integers(op, name); };
    if (!x || HasInputsBut(op, {"Input"}) || ints("axes") != std::vector<int64_t>{1} ||
        !ints("decrease_axis").empty() || ints("starts").size() != 1 || ints("ends").size() != 1)
      return false;
    const auto place = [&](int64_t at) { return std::min(at < 0 ? at + WidthOf(*x) : at, WidthOf(*x)); };
    return Set(op, algebra_.Slice(*x, {place(ints("starts")[0]), place(ints("ends")[0])}));
  }

  bool Fill(const OpDesc& op) {
    if (HasInputsBut(op, {"Input"})) return false;
    const auto shape = Integers(op, "shape");
    const double value = FilledWith(op);
    if (op.type() == "fill_constant") {
      if (shape != std::vector<int64_t>{1}) return false;
      return Set(op, Algebra::Constant(value));
    }
    const bool by_rows = op.AttrOr<int32_t>("input_dim_idx", 0) == 0 && op.AttrOr<int32_t>("output_dim_idx", 0) == 0;
    if (!Find(op.Input("Input")) || shape.size() != 2 || shape[1] <= 0 || !by_rows) return false;
    return Set(op, Algebra::Constant(value, shape[1]));
  }

  // C = sigmoid(x_f + forget_bias) C_prev + sigmoid(x_i) tanh(x_c), H = sigmoid(x_o) tanh(C)
  bool LstmUnit(const OpDesc& op) {
    const Columns *x = Find(op.Input("X")), *before = Find(op.Input("C_prev"));
    if (!x || !before || WidthOf(*x) != 4 * WidthOf(*before)) return false;
    const int64_t width = WidthOf(*before);
    const auto gate = [&](int64_t k, double bias) {
      const Columns sum = algebra_.Slice(*x, {k * width, (k + 1) * width});
      return algebra_.Apply(k == 3 ? Factor::kTanh : Factor::kSigmoid, algebra_.Add(sum, Algebra::Constant(bias)));
    };
    const Columns kept = algebra_.Multiply(gate(1, op.AttrOr<float>("forget_bias", 0)), *before);
    const Columns cell = algebra_.Add(kept, algebra_.Multiply(gate(0, 0), gate(3, 0)));
    Set(op.Output("H"), algebra_.Multiply(gate(2, 0), algebra_.Apply(Factor::kTanh, cell)));
    Set(op.Output("C"), cell);
    return true;
  }

  // u, r = sigmoid(Input + HiddenPrev W), c = activation(Input + (r HiddenPrev) W_c)
  bool GruUnit(const OpDesc& op) {
    const Columns *input = Find(op.Input("Input")), *before = Find(op.Input("HiddenPrev"));
    if (!input || !before || op.Input("Weight").size() != 1) return false;
    const std::string& weight = op.Input("Weight")[0];
    const int64_t width = WidthOf(*before);
    const int activation = op.AttrOr<int32_t>("activation", 2);
    if (OuterShape(weight) != std::vector{width, 3 * width} || WidthOf(*input) != 3 * width ||
        op.AttrOr<int32_t>("gate_activation", 1) != 1 || (activation != 2 && activation != 3))
      return false;
    Columns sum = *input;
    if (!op.Input("Bias").empty()) {
      const auto bias = Bias(op.Input("Bias")[0], -1);
      if (!bias) return false;
      sum = algebra_.Add(sum, *bias);
    }
    const Columns gates = algebra_.Apply(
        Factor::kSigmoid, algebra_.Add(algebra_.Slice(sum, {0, 2 * width}),
                                       algebra_.Product(*before, weight, width, 2 * width, View::kGates)));
    const Columns u = algebra_.Slice(gates, {0, width});
    const Columns reset = algebra_.Multiply(algebra_.Slice(gates, {width, 2 * width}), *before);
    const Columns candidate =
        algebra_.Apply(activation == 2 ? Factor::kTanh : Factor::kRelu,
                       algebra_.Add(algebra_.Slice(sum, {2 * width, 3 * width}),
                                    algebra_.Product(reset, weight, width, width, View::kCandidate)));
    const bool origin = op.AttrOr<bool>("origin_mode", false);
    const Columns &from = origin ? candidate : *before, &to = origin ? *before : candidate;
    const Columns change = algebra_.Multiply(u, algebra_.Add(to, from, -1));
    Set(op.Output("ResetHiddenPrev"), reset);
    Set(op.Output("Hidden"), algebra_.Add(from, change));
    return true;
  }

  const BlockDesc& block_;
  const Uses& uses_;
  Algebra& algebra_;
  Body body_;
  std::set<std::string> written_;
};

}  // namespace

Body Evaluate(const ProgramDesc& program, const Uses& uses, const Loop& loop, Algebra* algebra) {
  return Evaluator(program, uses, loop, algebra).Result();
}

double FilledWith(const OpDesc& op) {
  for (const auto& slot : op.inputs())
    Require(slot.name == "Input" || slot.args.empty(), "'", op.type(), "' takes its value from a variable");
  const auto text = op.AttrOr<std::string>("str_value", "");
  return text.empty() ? op.AttrOr<float>("value", 0) : std::stod(text);
}

}  // namespace paddle::recurrent_cell
