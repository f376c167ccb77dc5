#include "paddle/pass/recompute_gates.h"

#include <algorithm>
#include <optional>
#include <set>

#include "paddle/pass/slots.h"
#include "paddle/pass/uses.h"

namespace paddle {
namespace {

// The ops that are replaced, by number; -1: not there.
struct Match {
  int mul = -1, add = -1, layer = -1, layer_grad = -1, add_grad = -1, mul_grad = -1;

  std::set<size_t> Ops() const {
    std::set<size_t> ops;
    for (const int at : {mul, add, layer, layer_grad, add_grad, mul_grad})
      if (at >= 0) ops.insert(at);
    return ops;
  }
};

class Finder {
 public:
  Finder(const BlockDesc& block, const Uses& uses) : block_(block), uses_(uses) {}

  // What belongs to the lstm or gru with that number, if all of it can be replaced.
  std::optional<Match> Find(int layer) const {
    Match match{.layer = layer};
    const bool found = FindProduct(&match) && FindGradient(&match) && NamesAreOwn(match) && InputsStay(match) &&
                       GradientsMayComeEarly(match);
    return found ? std::optional(match) : std::nullopt;
  }

 private:
  const OpDesc& Op(int at) const { return block_.op(at); }

  // The op of that type that writes the variable; -1 where it is another or not the only one.
  int WriterOf(const std::string& name, std::string_view type) const {
    const OpDesc* writer = name.empty() ? nullptr : uses_.OnlyWriter(name);
    return writer && writer->type() == type ? static_cast<int>(uses_.Writer(name)) : -1;
  }

  bool FindProduct(Match* match) const {
    std::string product = One(Op(match->layer).Input("Input"));
    match->add = WriterOf(product, "elementwise_add");
    if (match->add >= 0) product = One(Op(match->add).Input("X"));
    match->mul = WriterOf(product, "mul");
    if (match->mul < 0 || match->mul > match->layer) return false;
    const OpDesc& mul = Op(match->mul);
    const auto rows = block_.FindVar(One(mul.Input("X"))), weight = block_.FindVar(One(mul.Input("Y")));
    const auto is_matrix = [](const auto& var) { return var && var->HasTensor() && var->shape().size() == 2; };
    if (!is_matrix(rows) || !is_matrix(weight) || mul.AttrOr<int32_t>("x_num_col_dims", 1) != 1 ||
        mul.AttrOr<int32_t>("y_num_col_dims", 1) != 1)
      return false;
    return match->add < 0 || AddsToColumns(*match, weight->shape()[1]);
  }

  bool AddsToColumns(const Match& match, int64_t columns) const {
    const OpDesc& add = Op(match.add);
    const auto bias = block_.FindVar(One(add.Input("Y")));
    const auto axis = add.AttrOr<int32_t>("axis", -1);
    return match.mul < match.add && match.add < match.layer && bias && bias->HasTensor() &&
           bias->shape() == std::vector<int64_t>{columns} && (axis == -1 || axis == 1);
  }

  // The ops of the backward pass; none is fine too.
  bool FindGradient(Match* match) const {
    const OpDesc& layer = Op(match->layer);
    for (const size_t at : uses_.Of(One(layer.Output("BatchGate"))))
      if (static_cast<int>(at) > match->layer) match->layer_grad = static_cast<int>(at);
    if (match->layer_grad < 0) return true;
    const OpDesc& layer_grad = Op(match->layer_grad);
    if (layer_grad.type() != layer.type() + "_grad" || layer_grad.Input("Hidden") != layer.Output("Hidden") ||
        layer_grad.Input("Cell") != layer.Output("Cell"))
      return false;
    for (const auto slot : {"Input", "H0", "C0", "Weight", "Bias"})
      if (One(layer_grad.Input(slot)) != One(layer.Input(slot))) return false;
    int last = match->layer_grad;
    std::string grad = One(layer_grad.Output("Input@GRAD"));
    if (match->add >= 0 && !grad.empty() && !FindNext(match->add, grad, &last, &match->add_grad)) return false;
    if (match->add_grad >= 0) grad = One(Op(match->add_grad).Output("X@GRAD"));
    return grad.empty() || FindNext(match->mul, grad, &last, &match->mul_grad);
  }

  // Finds the gradient op of number `forward`, which reads `grad` made by number `*last`. That nothing reads it is
  // fine.
  bool FindNext(int forward, const std::string& grad, int* last, int* found) const {
    for (const size_t at : uses_.Of(grad))
      if (static_cast<int>(at) > *last) *found = static_cast<int>(at);
    if (*found < 0) return true;
    const OpDesc& op = Op(*found);
    *last = *found;
    return op.type() == Op(forward).type() + "_grad" && One(op.Input("Out@GRAD")) == grad &&
           op.Input("X") == Op(forward).Input("X") && op.Input("Y") == Op(forward).Input("Y");
  }

  // Whether nothing but the ops of the match knows what is no longer there.
  bool NamesAreOwn(const Match& match) const {
    const auto ops = match.Ops();
    std::vector<std::string> names = {One(Op(match.mul).Output("Out")), One(Op(match.layer).Input("Input"))};
    for (const auto slot : {"BatchGate", "BatchCellPreAct", "BatchResetHiddenPrev", "BatchHidden"})
      names.push_back(One(Op(match.layer).Output(slot)));
    if (match.layer_grad >= 0) names.push_back(One(Op(match.layer_grad).Output("Input@GRAD")));
    if (match.add_grad >= 0) names.push_back(One(Op(match.add_grad).Output("X@GRAD")));
    return std::all_of(names.begin(), names.end(),
                       [&](const auto& name) { return name.empty() || uses_.Only(name, ops); });
  }

  // Whether what the ops read is the same wherever they stand.
  bool InputsStay(const Match& match) const {
    const size_t end = *match.Ops().rbegin() + 1;
    const auto stays = [&](const std::string& name, int from) {
      return name.empty() || !uses_.WrittenIn(name, from, end);
    };
    for (const auto slot : {"X", "Y"})
      if (!stays(One(Op(match.mul).Input(slot)), match.mul)) return false;
    if (match.add >= 0 && !stays(One(Op(match.add).Input("Y")), match.add)) return false;
    const OpDesc& layer = Op(match.layer);
    for (const auto slot : {"H0", "C0", "Weight", "Bias"})
      if (!stays(One(layer.Input(slot)), match.layer)) return false;
    return stays(One(layer.Output("Hidden")), match.layer + 1) && stays(One(layer.Output("Cell")), match.layer + 1);
  }

  // Whether nobody uses the gradients that are now there as soon as those of the layer.
  bool GradientsMayComeEarly(const Match& match) const {
    for (const int at : {match.add_grad, match.mul_grad}) {
      if (at < 0) continue;
      for (const auto slot : {"X@GRAD", "Y@GRAD"}) {
        const std::string name = One(Op(at).Output(slot));
        const bool own = at == match.add_grad && slot == std::string_view("X@GRAD");
        if (!own && !name.empty() && uses_.UsedIn(name, match.layer_grad, at)) return false;
      }
    }
    return true;
  }

  const BlockDesc& block_;
  const Uses& uses_;
};

void CopyInputs(const OpDesc& from, std::initializer_list<std::string_view> slots, OpDesc* to) {
  for (const auto slot : slots)
    if (!from.Input(slot).empty()) to->SetInput(slot, from.Input(slot));
}
void CopyOutputs(const OpDesc& from, std::initializer_list<std::string_view> slots, OpDesc* to) {
  for (const auto slot : slots)
    if (!from.Output(slot).empty()) to->SetOutput(slot, from.Output(slot));
}

// An op in the place of `layer`, lstm or gru or their gradient, with the inputs of both passes.
OpDesc Fused(const BlockDesc& block, const Match& match, const OpDesc& layer) {
  OpDesc fused("fused_mul_" + layer.type());
  CopyInputs(block.op(match.mul), {"X", "Y"}, &fused);
  if (match.add >= 0) fused.SetInput("YBias", block.op(match.add).Input("Y"));
  CopyInputs(layer, {"H0", "C0", "Weight", "Bias"}, &fused);
  for (const auto& [name, value] : layer.attrs()) fused.SetAttr(name, value);
  return fused;
}

void Replace(BlockDesc* block, const Match& match) {
  const OpDesc& layer = block->op(match.layer);
  OpDesc fused = Fused(*block, match, layer);
  CopyOutputs(layer, {"Hidden", "Cell"}, &fused);
  block->op(match.layer).CopyFrom(fused);
  if (match.layer_grad < 0) return;
  const OpDesc& layer_grad = block->op(match.layer_grad);
  OpDesc grad = Fused(*block, match, layer_grad);
  CopyInputs(layer_grad, {"Hidden", "Cell", "Hidden@GRAD", "Cell@GRAD"}, &grad);
  CopyOutputs(layer_grad, {"H0@GRAD", "C0@GRAD", "Weight@GRAD", "Bias@GRAD"}, &grad);
  if (match.mul_grad >= 0) CopyOutputs(block->op(match.mul_grad), {"X@GRAD", "Y@GRAD"}, &grad);
  if (match.add_grad >= 0 && !block->op(match.add_grad).Output("Y@GRAD").empty())
    grad.SetOutput("YBias@GRAD", block->op(match.add_grad).Output("Y@GRAD"));
  block->op(match.layer_grad).CopyFrom(grad);
}

}  // namespace

std::vector<std::string> RecomputeGates(ProgramDesc* program, const std::vector<std::string>& outside) {
  BlockDesc& block = program->block(0);
  const Uses uses(*program, outside);
  const Finder finder(block, uses);
  std::vector<Match> matches;
  for (size_t at = 0; at < block.ops().size(); ++at) {
    const std::string& type = block.op(static_cast<int>(at)).type();
    if (type != "lstm" && type != "gru") continue;
    if (const auto match = finder.Find(static_cast<int>(at))) matches.push_back(*match);
  }
  std::vector<std::string> layers;
  std::set<size_t> removed;
  for (const Match& match : matches) {
    layers.push_back(One(block.op(match.layer).Output("Hidden")));
    Replace(&block, match);
    for (const int at : {match.mul, match.add, match.add_grad, match.mul_grad})
      if (at >= 0) removed.insert(at);
  }
  for (auto at = removed.rbegin(); at != removed.rend(); ++at) block.RemoveOps(*at, *at + 1);
  return layers;
}

}  // namespace paddle
