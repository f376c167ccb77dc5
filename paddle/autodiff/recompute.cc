#include "paddle/autodiff/recompute.h"

#include <algorithm>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

using NameSet = std::set<std::string>;

bool TakesSeed(const OpDef& def) { return def.has(kRandom) && def.FindInput("Seed") >= 0; }

// Whether running the op again has the same result and nothing but it.
bool CanRepeat(const OpDesc& op) {
  const OpDef& def = Registry::Get().Find(op.type());
  return !def.has(kEffect) && (!def.has(kRandom) || (TakesSeed(def) && !op.Input("Seed").empty()));
}

std::string FreeName(const BlockDesc& block) {
  for (int k = 0;; ++k) {
    std::string name = StrCat("seed_", k, ".tmp_0");
    if (!block.FindVarRecursive(name)) return name;
  }
}

// Names that the path reads from op `begin` on.
NameSet ReadFrom(const BlockDesc& block, const std::vector<bool>& path, size_t begin) {
  NameSet names;
  for (size_t k = begin; k < path.size(); ++k) {
    if (!path[k]) continue;
    for (const auto& name : block.op(static_cast<int>(k)).InputNames()) names.insert(name);
  }
  return names;
}

void Rename(OpDesc* op, const std::map<std::string, std::string>& renames) {
  for (const auto& name : op->InputNames())
    if (const auto found = renames.find(name); found != renames.end()) op->RenameInput(name, found->second);
}

void AddOp(const BlockDesc& block, size_t at, const NameSet& kept, int number, Segment* segment) {
  const OpDesc& op = block.op(static_cast<int>(at));
  const auto outputs = op.OutputNames();
  const bool needed = std::any_of(outputs.begin(), outputs.end(), [&](const auto& name) {
    return name != kEmptyName && !kept.contains(name) && !block.FindVarRecursive(name)->persistable();
  });
  if (!needed || !CanRepeat(op)) return;
  OpDesc copy = op;
  Rename(&copy, segment->renames);
  for (const auto& name : outputs) {
    if (name == kEmptyName || kept.contains(name)) continue;
    const std::string again = StrCat(name, ".subprog_", number);
    copy.RenameOutput(name, again);
    // Running statistics are updated once; the second update goes where nothing reads it.
    if (!block.FindVarRecursive(name)->persistable()) segment->renames[name] = again;
  }
  copy.SetAttr(kOpRole, int32_t{kBackward});
  segment->ops.push_back(std::move(copy));
  segment->sources.push_back(at);
}

}  // namespace

bool FixSeeds(BlockDesc* block, const std::vector<bool>& path) {
  size_t inserted = 0;
  for (size_t k = 0; k < path.size(); ++k) {
    if (!path[k]) continue;
    OpDesc& op = block->op(static_cast<int>(k + inserted));
    if (!TakesSeed(Registry::Get().Find(op.type())) || !op.Input("Seed").empty()) continue;
    OpDesc seed("seed");
    seed.SetAttr("seed", op.AttrOr<int32_t>("seed", 0));
    for (const auto& name : {kOpRole, kOpNameScope, kOpCallstack, kOpDevice})
      if (const AttrValue* value = op.FindAttr(name)) seed.SetAttr(name, *value);
    CompleteOp(&seed);
    const std::string name = block->Var(FreeName(*block)).name();
    seed.SetOutput("Out", {name});
    op.SetInput("Seed", {name});
    op.RemoveAttr("seed");
    op.RemoveAttr("fix_seed");
    InferOp(block->InsertOp(k + inserted++, std::move(seed)), *block);
  }
  return inserted > 0;
}

std::vector<Segment> CutIntoSegments(const BlockDesc& block, const std::vector<bool>& path,
                                     const std::vector<std::string>& checkpoints) {
  std::set<size_t> ends;
  for (const auto& name : checkpoints) {
    for (size_t k = path.size(); k-- > 0;) {
      const auto outputs = block.op(static_cast<int>(k)).OutputNames();
      if (!path[k] || std::find(outputs.begin(), outputs.end(), name) == outputs.end()) continue;
      ends.insert(k + 1);
      break;
    }
  }
  std::vector<Segment> segments;
  size_t begin = 0;
  for (const size_t end : ends) {
    segments.push_back({begin, end, {}, {}, {}});
    begin = end;
  }
  std::reverse(segments.begin(), segments.end());
  for (size_t i = 0; i < segments.size(); ++i) {
    Segment& segment = segments[i];
    NameSet kept = ReadFrom(block, path, segment.end);
    kept.insert(checkpoints.begin(), checkpoints.end());
    for (size_t k = segment.begin; k < segment.end; ++k)
      if (path[k]) AddOp(block, k, kept, static_cast<int>(i), &segment);
  }
  return segments;
}

}  // namespace paddle
