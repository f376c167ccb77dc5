#include "paddle/pass/fuse_linear_cross_entropy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "paddle/pass/common_attrs.h"
#include "paddle/pass/slots.h"
#include "paddle/pass/uses.h"

namespace paddle {
namespace {

// The logits of fewer classes are hardly larger than what they are made of.
constexpr int64_t kFewestClasses = 4096;

// The ops that go, by number; the one for all of them stands where `mean_grad` did.
struct Match {
  size_t mul = 0, loss = 0, mean = 0, mean_grad = 0, loss_grad = 0, mul_grad = 0;
  std::optional<size_t> add = {}, add_grad = {};

  std::set<size_t> ops() const {
    std::set<size_t> all = {mul, loss, mean, mean_grad, loss_grad, mul_grad};
    if (add) all.insert({*add, *add_grad});
    return all;
  }
};

class Finder {
 public:
  Finder(const BlockDesc& block, const Uses& uses) : block_(block), uses_(uses) {}

  // The match with the loss of number `at`.
  std::optional<Match> Find(size_t at) const {
    Match match{.loss = at};
    if (IsLoss(Op(at)) && FindForward(&match) && FindBackward(&match) && NothingElseReads(match) && StaySame(match))
      return match;
    return std::nullopt;
  }

 private:
  const OpDesc& Op(size_t at) const { return block_.op(static_cast<int>(at)); }

  // The variable, if its sizes are known as far as they are when a program is built.
  const VarDesc* Tensor(const std::string& name) const {
    const auto var = block_.FindVar(name);
    return var && var->kind() == VarKind::kTensor && var->HasTensor() ? &*var : nullptr;
  }

  bool IsLoss(const OpDesc& op) const {
    if (op.type() != "softmax_with_cross_entropy" || op.AttrOr<bool>("soft_label", false)) return false;
    const VarDesc* logits = Tensor(One(op.Input("Logits")));
    const int rank = logits ? static_cast<int>(logits->shape().size()) : 0;
    const int axis = op.AttrOr<int32_t>("axis", -1);
    return rank >= 2 && (axis == -1 || axis == rank - 1) && logits->shape().back() >= kFewestClasses;
  }

  // The op that wrote the variable last before number `at`, if it is of this type.
  std::optional<size_t> Source(const std::string& name, const char* type, size_t at) const {
    const size_t source = uses_.LastWriter(name, at);
    return source != at && Op(source).type() == type ? std::optional(source) : std::nullopt;
  }

  // The op of this type that is behind number `at`, the only one that has this input.
  std::optional<size_t> Reader(const std::string& name, const char* type, const char* slot, size_t at) const {
    std::optional<size_t> reader;
    for (const size_t user : uses_.Of(name))
      if (user > at && Op(user).type() == type && One(Op(user).Input(slot)) == name) {
        if (reader) return std::nullopt;
        reader = user;
      }
    return reader;
  }

  bool FindForward(Match* match) const {
    std::string product = One(Op(match->loss).Input("Logits"));
    const int columns = static_cast<int>(Tensor(product)->shape().size()) - 1;
    size_t behind = match->loss;
    if ((match->add = Source(product, "elementwise_add", behind))) {
      const OpDesc& add = Op(*match->add);
      const VarDesc* bias = Tensor(One(add.Input("Y")));
      const int axis = add.AttrOr<int32_t>("axis", -1);
      if (!bias || bias->shape().size() != 1 || (axis != -1 && axis != columns)) return false;
      if (bias->shape()[0] != Tensor(product)->shape().back()) return false;
      product = One(add.Input("X"));
      behind = *match->add;
    }
    const auto mul = Source(product, "mul", behind);
    const auto mean = Reader(One(Op(match->loss).Output("Loss")), "mean", "X", match->loss);
    if (!mul || !mean) return false;
    match->mul = *mul;
    match->mean = *mean;
    const VarDesc* weight = Tensor(One(Op(*mul).Input("Y")));
    return weight && weight->shape().size() == 2 && Op(*mul).AttrOr<int32_t>("y_num_col_dims", 1) == 1 &&
           Op(*mul).AttrOr<int32_t>("x_num_col_dims", 1) == columns;
  }

  bool FindBackward(Match* match) const {
    const OpDesc &loss = Op(match->loss), &mul = Op(match->mul);
    const auto mean_grad = Reader(One(loss.Output("Loss")), "mean_grad", "X", match->mean);
    if (!mean_grad) return false;
    match->mean_grad = *mean_grad;
    const auto loss_grad =
        Reader(One(Op(*mean_grad).Output("X@GRAD")), "softmax_with_cross_entropy_grad", "Loss@GRAD", *mean_grad);
    if (!loss_grad || Op(*loss_grad).Input("Softmax") != loss.Output("Softmax") ||
        Op(*loss_grad).Input("Label") != loss.Input("Label"))
      return false;
    match->loss_grad = *loss_grad;
    std::string gradient = One(Op(*loss_grad).Output("Logits@GRAD"));
    size_t before = *loss_grad;
    if (match->add) {
      match->add_grad = Reader(gradient, "elementwise_add_grad", "Out@GRAD", before);
      if (!match->add_grad || Op(*match->add_grad).Input("Y") != Op(*match->add).Input("Y")) return false;
      before = *match->add_grad;
      gradient = One(Op(before).Output("X@GRAD"));
    }
    const auto mul_grad = Reader(gradient, "mul_grad", "Out@GRAD", before);
    if (!mul_grad || Op(*mul_grad).Input("X") != mul.Input("X") || Op(*mul_grad).Input("Y") != mul.Input("Y"))
      return false;
    match->mul_grad = *mul_grad;
    return true;
  }

  // Whether the ops that go are the only ones that see what they make for each other, and nobody sees the losses or
  // the gradients before they are computed now, or were before.
  bool NothingElseReads(const Match& match) const {
    const auto ops = match.ops();
    std::vector<std::string> inner = {One(Op(match.mul).Output("Out")), One(Op(match.loss).Output("Softmax")),
                                      One(Op(match.mean_grad).Output("X@GRAD")),
                                      One(Op(match.loss_grad).Output("Logits@GRAD"))};
    if (match.add) {
      inner.push_back(One(Op(*match.add).Output("Out")));
      inner.push_back(One(Op(*match.add_grad).Output("X@GRAD")));
    }
    if (!std::all_of(inner.begin(), inner.end(), [&](const std::string& name) { return uses_.Only(name, ops); }))
      return false;
    for (const auto& name : {One(Op(match.loss).Output("Loss")), One(Op(match.mean).Output("Out"))})
      for (const size_t user : uses_.Of(name))
        if (user < match.mean_grad && user != match.loss && user != match.mean) return false;
    return IsFirstUser(match.mul_grad, "X@GRAD") && IsFirstUser(match.mul_grad, "Y@GRAD") &&
           (!match.add || IsFirstUser(*match.add_grad, "Y@GRAD"));
  }

  bool IsFirstUser(size_t at, const char* slot) const {
    const std::string& name = One(Op(at).Output(slot));
    return name.empty() || *uses_.Of(name).begin() == at;
  }

  // Whether all that is read is the same from the first op to the last.
  bool StaySame(const Match& match) const {
    std::vector<std::string> inputs = {One(Op(match.mul).Input("X")), One(Op(match.mul).Input("Y")),
                                       One(Op(match.loss).Input("Label")), One(Op(match.loss).Output("Loss")),
                                       One(Op(match.mean).Output("Out"))};
    if (match.add) inputs.push_back(One(Op(*match.add).Input("Y")));
    const auto ops = match.ops();
    return std::none_of(inputs.begin(), inputs.end(), [&](const std::string& name) {
      if (name.empty()) return true;
      for (const size_t at : uses_.Of(name))
        if (at >= match.mul && at <= match.mul_grad && !ops.contains(at) && uses_.WrittenIn(name, at, at + 1))
          return true;
      return false;
    });
  }

  const BlockDesc& block_;
  const Uses& uses_;
};

OpDesc Fused(const BlockDesc& block, const Match& match) {
  const auto op = [&](size_t at) -> const OpDesc& { return block.op(static_cast<int>(at)); };
  OpDesc fused("fused_linear_cross_entropy");
  fused.SetInput("X", op(match.mul).Input("X"));
  fused.SetInput("Y", op(match.mul).Input("Y"));
  fused.SetInput("Label", op(match.loss).Input("Label"));
  fused.SetInput("DOut", op(match.mean_grad).Input("Out@GRAD"));
  fused.SetOutput("Loss", op(match.loss).Output("Loss"));
  fused.SetOutput("Out", op(match.mean).Output("Out"));
  fused.SetOutput("DX", op(match.mul_grad).Output("X@GRAD"));
  fused.SetOutput("DY", op(match.mul_grad).Output("Y@GRAD"));
  if (match.add) {
    fused.SetInput("Bias", op(*match.add).Input("Y"));
    fused.SetOutput("DBias", op(*match.add_grad).Output("Y@GRAD"));
  }
  fused.SetAttr("x_num_col_dims", op(match.mul).AttrOr<int32_t>("x_num_col_dims", 1));
  fused.SetAttr("ignore_index", int64_t{op(match.loss).AttrOr<int32_t>("ignore_index", -100)});
  CopyCommonAttrs(op(match.loss), &fused);
  fused.SetAttr(std::string(kOpRole), int32_t{kBackward});
  return fused;
}

}  // namespace

std::vector<std::string> FuseLinearCrossEntropy(ProgramDesc* program, const std::vector<std::string>& outside) {
  BlockDesc& block = program->block(0);
  const Uses uses(*program, outside);
  const Finder finder(block, uses);
  std::vector<std::string> weights;
  std::set<size_t> gone;
  for (size_t at = 0; at < block.ops().size(); ++at) {
    const auto match = finder.Find(at);
    if (!match) continue;
    weights.push_back(block.op(static_cast<int>(match->mul)).Input("Y")[0]);
    gone.merge(match->ops());
    gone.erase(match->mean_grad);
    block.op(static_cast<int>(match->mean_grad)).CopyFrom(Fused(block, *match));
  }
  for (auto at = gone.rbegin(); at != gone.rend(); ++at) block.RemoveOps(*at, *at + 1);
  return weights;
}

}  // namespace paddle
