#include "paddle/pass/sparse_table_grads.h"

#include <algorithm>
#include <optional>

#include "paddle/pass/common_attrs.h"
#include "paddle/pass/uses.h"

namespace paddle {
namespace {

// A gradient of fewer elements, 4 MB of floats, is as quickly filled as its rows are sorted and added up.
constexpr int64_t kLeastElements = 1 << 20;

// An op that writes the gradient of a table, and the one that takes it last, by number.
struct Match {
  size_t lookup_grad, update;
};

bool IsLookupGrad(const OpDesc& op) {
  const auto& type = op.type();
  return (type == "lookup_table_grad" || type == "lookup_table_v2_grad" || type == "fused_embedding_mul_grad") &&
         !op.AttrOr<bool>("is_sparse", false) && op.AttrOr<std::vector<std::string>>("epmap", {}).empty() &&
         op.Output("W@GRAD").size() == 1;
}

bool IsAdam(const OpDesc& op) { return op.type() == "adam" || op.type() == "scaled_adam"; }

// Whether the op gives the same for a sparse gradient as for the dense one. An adam that takes beta1 and beta2 from
// tensors or updates one power alone is left as it is.
bool TakesRows(const OpDesc& op) {
  const auto& type = op.type();
  if (IsAdam(op))
    return op.Input("Beta1Tensor").empty() && op.Input("Beta2Tensor").empty() &&
           op.Output("Beta1PowOut").size() == op.Output("Beta2PowOut").size();
  return type == "sgd" || type == "momentum" || type == "adagrad" || type == "scaled_sgd" || type == "scaled_momentum";
}

bool IsLarge(const BlockDesc& block, const std::string& table) {
  const auto var = block.FindVar(table);
  if (!var || !var->HasTensor()) return false;
  int64_t elements = 1;
  for (const int64_t size : var->shape()) elements *= std::max<int64_t>(size, 0);
  return elements >= kLeastElements;
}

std::optional<Match> Find(const BlockDesc& block, const Uses& uses, size_t at) {
  const OpDesc& op = block.op(static_cast<int>(at));
  if (!IsLookupGrad(op) || op.Input("W").size() != 1 || !IsLarge(block, op.Input("W")[0])) return std::nullopt;
  const std::string& gradient = op.Output("W@GRAD")[0];
  const auto& users = uses.Of(gradient);
  if (uses.Outside(gradient) || users.size() < 2 || *users.begin() != at) return std::nullopt;
  const size_t last = *users.rbegin();
  for (const size_t user : users)
    if (user != at && user != last && block.op(static_cast<int>(user)).type() != "squared_l2_norm") return std::nullopt;
  const OpDesc& update = block.op(static_cast<int>(last));
  if (!TakesRows(update) || update.Input("Grad") != op.Output("W@GRAD")) return std::nullopt;
  return Match{at, last};
}

// With a sparse gradient adam takes the powers of the next step, unless it leaves updating them to others: to a `scale`
// behind it, here.
std::optional<OpDesc> TakePower(OpDesc* adam, const char* slot, const char* attr, float fallback) {
  const auto power = adam->Output(std::string(slot) + "Out");
  if (power.empty()) return std::nullopt;
  OpDesc scale("scale");
  scale.SetInput("X", adam->Input(slot));
  scale.SetOutput("Out", power);
  scale.SetAttr("scale", adam->AttrOr<float>(attr, fallback));
  CopyCommonAttrs(*adam, &scale);
  adam->SetOutput(std::string(slot) + "Out", {});
  return scale;
}

void Apply(BlockDesc* block, const Match& match) {
  OpDesc& grad = block->op(static_cast<int>(match.lookup_grad));
  grad.SetAttr("is_sparse", true);
  block->FindVar(grad.Output("W@GRAD")[0])->set_raw_type(static_cast<int>(VarKind::kSelectedRows));
  OpDesc& update = block->op(static_cast<int>(match.update));
  if (!IsAdam(update)) return;
  update.SetAttr("lazy_mode", false);
  const size_t behind = match.update + 1;
  for (const auto& scale :
       {TakePower(&update, "Beta1Pow", "beta1", 0.9f), TakePower(&update, "Beta2Pow", "beta2", 0.999f)})
    if (scale) block->InsertOp(behind, *scale);
}

}  // namespace

std::vector<std::string> SparseTableGrads(ProgramDesc* program, const std::vector<std::string>& outside) {
  BlockDesc& block = program->block(0);
  const Uses uses(*program, outside);
  std::vector<Match> matches;
  for (size_t at = 0; at < block.ops().size(); ++at)
    if (const auto match = Find(block, uses, at)) matches.push_back(*match);
  // From the last update to the first: what is inserted moves no op that is still to be changed.
  std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.update > b.update; });
  std::vector<std::string> tables;
  for (const Match& match : matches) {
    tables.push_back(block.op(static_cast<int>(match.lookup_grad)).Input("W")[0]);
    Apply(&block, match);
  }
  return tables;
}

}  // namespace paddle
