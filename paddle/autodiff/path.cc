#include "paddle/autodiff/path.h"

#include <algorithm>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

using NameSet = std::set<std::string>;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool AnyOf(const std::vector<std::string>& names, const NameSet& set) {
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return set.contains(name); });
}

// Ops that something in `inputs` leads to.
std::vector<bool> FindReached(const BlockDesc& block, const std::vector<std::string>& inputs, const NameSet& no_grad) {
  std::vector<bool> reached;
  NameSet from;
  for (const auto& name : inputs)
    if (!no_grad.contains(name)) from.insert(name);
  for (const auto& op : block.ops()) {
    reached.push_back(AnyOf(op->InputNames(), from));
    for (const auto& name : op->OutputNames()) {
      if (reached.back() && !no_grad.contains(name))
        from.insert(name);
      else if (!reached.back() && !Contains(inputs, name) && Overwrites(*op, name, block))
        from.erase(name);
    }
  }
  return reached;
}

// Whether the op leaves the variable its elements, in another shape.
bool KeepsElements(const OpDesc& op, const std::string& name) {
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  return def && def->has(kReshapes) && Contains(op.Input("X"), name) && Contains(op.Output("Out"), name);
}

bool IsArray(const BlockDesc& block, const std::string& name) {
  const auto var = block.FindVarRecursive(name);
  return var && var->kind() == VarKind::kTensorArray;
}

// Whether the op names the variable as an output but leaves it as it is: only in slots with kMetaOnly.
bool LeavesAsIs(const OpDesc& op, const std::string& name) {
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  return def && std::ranges::none_of(def->outputs, [&](const SlotSpec& slot) {
           return !slot.has(kMetaOnly) && Contains(op.Output(slot.name), name);
         });
}

}  // namespace

bool Overwrites(const OpDesc& op, const std::string& name, const BlockDesc& block) {
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  if (def && !def->block.empty()) return false;           // its block may run or not
  return !IsArray(block, name) && !LeavesAsIs(op, name);  // an array keeps its other items
}

std::vector<bool> FindPath(const BlockDesc& block, const std::vector<std::string>& targets,
                           const std::vector<std::string>& inputs, const NameSet& no_grad) {
  const size_t count = block.ops().size();
  const std::vector<bool> reached =
      inputs.empty() ? std::vector<bool>(count, true) : FindReached(block, inputs, no_grad);
  std::vector<bool> path(count, false);
  NameSet needed(targets.begin(), targets.end());
  for (const auto& name : no_grad) needed.erase(name);
  for (size_t k = count; k-- > 0;) {
    const OpDesc& op = block.op(static_cast<int>(k));
    const auto outputs = op.OutputNames();
    path[k] = reached[k] && AnyOf(outputs, needed);
    for (const auto& name : outputs)
      if (Overwrites(op, name, block)) needed.erase(name);
    if (!path[k]) continue;
    for (const auto& name : op.InputNames())
      if (name != kEmptyName && !no_grad.contains(name)) needed.insert(name);
  }
  return path;
}

Writers::Writers(const BlockDesc& block, const BlockDesc& target) : block_(block) {
  for (size_t k = 0; k < block.ops().size(); ++k) {
    const OpDesc& op = block.op(static_cast<int>(k));
    if (&block != &target)
      for (const auto& name : op.InputNames())
        if (!writers_.contains(name) && !block.FindVar(name)) found_.insert(name);
    if (op.Role() & (kOptimize | kLrSched)) continue;
    for (const auto& name : op.OutputNames())
      if (name != kEmptyName && !IsArray(block, name) && !LeavesAsIs(op, name)) writers_[name].push_back(k);
  }
}

// The first op from `begin` on whose writing of `name` is in effect; `flat`: and changes more than its shape.
const OpDesc* Writers::WriterFrom(const std::string& name, size_t begin, bool flat) const {
  const auto found = writers_.find(name);
  if (found == writers_.end()) return nullptr;
  const auto restored = restored_.find(name);
  const size_t end = restored == restored_.end() ? block_.ops().size() : restored->second;
  auto next = std::lower_bound(found->second.begin(), found->second.end(), begin);
  for (; next != found->second.end() && *next < end; ++next) {
    const OpDesc& op = block_.op(static_cast<int>(*next));
    if (!flat || !KeepsElements(op, name)) return &op;
  }
  return nullptr;
}

// An op that writes a variable around the block, so that the gradient op of the one at `at` would find another value
// than that one read.
const OpDesc* Writers::WriterOfOuter(const std::string& name, size_t at) const {
  const auto found = writers_.find(name);
  if (found == writers_.end() || found->second.front() >= at) return nullptr;
  return &block_.op(static_cast<int>(found->second.front()));
}

void Writers::Check(size_t at, const OpDesc& grad, const NameSet& gradients) {
  const OpDesc& op = block_.op(static_cast<int>(at));
  const OpDef& def = Registry::Get().Find(grad.type());
  for (const auto& slot : def.inputs) {
    if (slot.has(kMetaOnly)) continue;
    for (const auto& name : grad.Input(slot.name)) {
      if (name == kEmptyName || gradients.contains(name)) continue;
      // What an op reads and writes under one name is meant as the slot says.
      const bool written = Contains(op.OutputNames(), name) &&
                           (!Contains(op.Input(slot.name), name) || Contains(grad.OutputNames(), name));
      const size_t from = written ? at + 1 : at;
      const OpDesc* writer = WriterFrom(name, from, slot.has(kFlat));
      if (!found_.contains(name) || restored_.contains(name) || Contains(grad.OutputNames(), name)) {
        if (writer) Throw("the gradient of op", op, name, *writer);
        continue;
      }
      if (writer) readings_.push_back({at, name, writer, true});
      if (const OpDesc* first = WriterOfOuter(name, from)) readings_.push_back({at, name, first, false});
    }
  }
}

void Writers::Finish() const {
  for (const Reading& reading : readings_)
    if (restored_.contains(reading.name) == reading.if_restored)
      Throw("the gradient of op", block_.op(static_cast<int>(reading.at)), reading.name, *reading.writer);
}

void Writers::CheckAgain(size_t at, const OpDesc& again) const {
  const OpDesc& op = block_.op(static_cast<int>(at));
  for (const auto& name : again.InputNames()) {
    if (name == kEmptyName || Contains(op.OutputNames(), name))
      continue;  // what it updates itself does not change its result
    if (const OpDesc* writer = WriterFrom(name, at, false)) Throw("recomputing op", op, name, *writer);
  }
}

bool Writers::WrittenBefore(const std::string& name, size_t at) const {
  const auto found = writers_.find(name);
  const auto own = block_.FindVar(name);
  return !own || own->persistable() || (found != writers_.end() && found->second.front() < at);
}

void Writers::Throw(const char* who, const OpDesc& op, const std::string& name, const OpDesc& writer) const {
  throw InvalidArgument(StrCat(who, " '", op.type(), "' needs '", name, "' as it was, but op '", writer.type(),
                               "' writes it again; give the later result a name of its own\n  '", op.type(),
                               "' was made at ", op.UserLine(), "\n  '", writer.type(), "' was made at ",
                               writer.UserLine()));
}

}  // namespace paddle
