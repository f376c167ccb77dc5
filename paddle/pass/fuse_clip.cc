#include "paddle/pass/fuse_clip.h"

#include <algorithm>
#include <optional>
#include <set>

#include "paddle/pass/common_attrs.h"
#include "paddle/pass/uses.h"

namespace paddle {
namespace {

// An op that goes, by number, and what takes the place of the one that reads its output.
struct Fusion {
  size_t gone, place;
  OpDesc fused;
};

const VarDesc* FindDense(const BlockDesc& block, const std::string& name) {
  const auto var = block.FindVar(name);
  if (!var || var->kind() != VarKind::kTensor || !var->HasTensor()) return nullptr;
  const int dtype = var->raw_dtype();
  return dtype == static_cast<int>(DType::kFloat32) || dtype == static_cast<int>(DType::kFloat64) ? &*var : nullptr;
}

// The op of the given type whose Out goes into this slot of op number `reader` and nowhere else; its inputs, one a
// slot, are what they were where `reader` stands.
std::optional<size_t> FindSource(const BlockDesc& block, const Uses& uses, size_t reader, const char* slot,
                                 const char* type) {
  const OpDesc& op = block.op(static_cast<int>(reader));
  const auto& value = op.Input(slot);
  if (value.size() != 1 || uses.Outside(value[0])) return std::nullopt;
  const auto& users = uses.Of(value[0]);
  const auto inputs = op.InputNames();
  if (users.size() != 2 || *users.rbegin() != reader || std::count(inputs.begin(), inputs.end(), value[0]) != 1)
    return std::nullopt;
  const size_t at = *users.begin();
  const OpDesc& source = block.op(static_cast<int>(at));
  if (source.type() != type || source.Output("Out") != value) return std::nullopt;
  for (const auto& [name, args] : source.inputs())
    if (args.size() != 1 || args == value || uses.WrittenIn(args[0], at + 1, reader)) return std::nullopt;
  return at;
}

// Whether the op adds up all elements of X to a tensor of shape [1] and X's type.
bool SumsAll(const OpDesc& op, const VarDesc& x) {
  const int32_t dtype = op.AttrOr<int32_t>("out_dtype", -1);
  if (op.AttrOr<bool>("keep_dim", false) || (dtype != -1 && dtype != x.raw_dtype())) return false;
  if (op.AttrOr<bool>("reduce_all", false)) return true;
  const auto rank = static_cast<int32_t>(x.shape().size());
  std::set<int32_t> axes;
  for (const int32_t axis : op.AttrOr<std::vector<int32_t>>("dim", {0})) {
    if (axis < -rank || axis >= rank) return false;
    axes.insert(axis < 0 ? axis + rank : axis);
  }
  return rank > 0 && static_cast<int32_t>(axes.size()) == rank;
}

std::optional<Fusion> FindSum(const BlockDesc& block, const Uses& uses, size_t at) {
  const OpDesc& sum = block.op(static_cast<int>(at));
  if (sum.type() != "reduce_sum") return std::nullopt;
  const auto source = FindSource(block, uses, at, "X", "square");
  if (!source) return std::nullopt;
  const auto& input = block.op(static_cast<int>(*source)).Input("X");
  const VarDesc* x = input.size() == 1 ? FindDense(block, input[0]) : nullptr;
  if (!x || !SumsAll(sum, *x)) return std::nullopt;
  OpDesc fused("squared_l2_norm");
  fused.SetInput("X", input);
  fused.SetOutput("Out", sum.Output("Out"));
  CopyCommonAttrs(sum, &fused);
  return Fusion{*source, at, std::move(fused)};
}

// Whether elementwise_mul gives the gradient of the parameter times one number, all of one type. A number from outside
// may be of another shape than the program says.
bool ScalesGradient(const BlockDesc& block, const Uses& uses, const OpDesc& mul, const std::string& parameter) {
  if (mul.Input("X").size() != 1 || mul.Input("Y").size() != 1 || mul.AttrOr<int32_t>("axis", -1) != -1) return false;
  if (uses.Outside(mul.Input("Y")[0])) return false;
  const VarDesc* grad = FindDense(block, mul.Input("X")[0]);
  const VarDesc* factor = FindDense(block, mul.Input("Y")[0]);
  const VarDesc* param = FindDense(block, parameter);
  return grad && factor && param && grad->shape() == param->shape() && factor->shape() == std::vector<int64_t>{1} &&
         grad->raw_dtype() == factor->raw_dtype() && grad->raw_dtype() == param->raw_dtype();
}

std::optional<Fusion> FindUpdate(const BlockDesc& block, const Uses& uses, size_t at) {
  const OpDesc& update = block.op(static_cast<int>(at));
  const auto& type = update.type();
  if ((type != "sgd" && type != "momentum" && type != "adam") || update.Input("Param").size() != 1) return std::nullopt;
  const auto source = FindSource(block, uses, at, "Grad", "elementwise_mul");
  if (!source) return std::nullopt;
  const OpDesc& mul = block.op(static_cast<int>(*source));
  if (!ScalesGradient(block, uses, mul, update.Input("Param")[0])) return std::nullopt;
  OpDesc fused = update;
  fused.set_type("scaled_" + type);
  fused.SetInput("Grad", mul.Input("X"));
  fused.SetInput("Factor", mul.Input("Y"));
  return Fusion{*source, at, std::move(fused)};
}

}  // namespace

FusedClip FuseClip(ProgramDesc* program, const std::vector<std::string>& outside) {
  BlockDesc& block = program->block(0);
  const Uses uses(*program, outside);
  FusedClip found;
  std::vector<Fusion> fusions;
  for (size_t at = 0; at < block.ops().size(); ++at) {
    if (auto sum = FindSum(block, uses, at)) {
      ++found.sums;
      fusions.push_back(std::move(*sum));
    } else if (auto update = FindUpdate(block, uses, at)) {
      ++found.updates;
      fusions.push_back(std::move(*update));
    }
  }
  std::set<size_t> gone;
  for (const Fusion& fusion : fusions) {
    block.op(static_cast<int>(fusion.place)).CopyFrom(fusion.fused);
    gone.insert(fusion.gone);
  }
  for (auto at = gone.rbegin(); at != gone.rend(); ++at) block.RemoveOps(*at, *at + 1);
  return found;
}

}  // namespace paddle
