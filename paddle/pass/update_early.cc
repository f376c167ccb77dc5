#include "paddle/pass/update_early.h"

#include <algorithm>
#include <numeric>

#include "paddle/op/registry.h"
#include "paddle/pass/uses.h"

namespace paddle {
namespace {

bool IsFixed(const OpDesc& op) {
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  return !def || def->has(kEffect) || def->has(kRandom);
}

// Whether the op writes nothing but what outlives the run, as an optimizer's op does.
bool IsUpdate(const BlockDesc& block, const OpDesc& op) {
  if (op.Role() != kOptimize || !op.Blocks().empty() || IsFixed(op)) return false;
  const auto written = op.OutputNames();
  return !written.empty() && std::all_of(written.begin(), written.end(), [&](const std::string& name) {
    const auto var = block.FindVar(name);
    return var && var->persistable();
  });
}

// For each op the number of the op that it is to stand behind: its own where it stays.
std::vector<size_t> FindPlaces(const ProgramDesc& program) {
  const BlockDesc& block = program.block(0);
  const Uses uses(program, {});
  std::vector<size_t> places(block.ops().size());
  size_t fixed = 0;  // no op moves before this one
  for (size_t at = 0; at < places.size(); ++at) {
    const OpDesc& op = block.op(static_cast<int>(at));
    places[at] = at;
    if (IsFixed(op)) fixed = at;
    if (!IsUpdate(block, op)) continue;
    size_t place = fixed;
    const auto stay_behind = [&](size_t other) {
      if (other < at) place = std::max(place, places[other]);
    };
    for (const auto& name : op.InputNames()) stay_behind(uses.LastWriter(name, at));
    for (const auto& name : op.OutputNames())
      for (const size_t user : uses.Of(name)) stay_behind(user);
    places[at] = place;
  }
  return places;
}

}  // namespace

int UpdateEarly(ProgramDesc* program) {
  BlockDesc& block = program->block(0);
  const auto places = FindPlaces(*program);
  std::vector<size_t> order(places.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return places[a] < places[b]; });
  std::vector<OpDesc> ops;
  int moved = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    moved += order[k] > k;
    ops.push_back(block.op(static_cast<int>(order[k])));
  }
  if (moved == 0) return 0;
  block.RemoveOps(0, ops.size());
  for (auto& op : ops) block.AppendOp(std::move(op));
  return moved;
}

}  // namespace paddle
