#include "paddle/runtime/blocks.h"

#include <algorithm>

#include "paddle/op/registry.h"

namespace paddle {

namespace {

NameSet GivenBy(const OpDesc& op) {
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  if (!def || !def->block_vars) return {};
  const auto given = def->block_vars(def->parse(op).get(), op).given;
  return {given.begin(), given.end()};
}

std::vector<std::string> ReadBy(const OpDesc& op) {
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  if (!def) return op.InputNames();
  std::vector<std::string> names;
  for (const SlotSpec& slot : def->inputs)
    if (!slot.has(kUnread)) names.insert(names.end(), op.Input(slot.name).begin(), op.Input(slot.name).end());
  return names;
}

}  // namespace

Blocks::Blocks(const ProgramDesc& program, const std::vector<std::string>& feeds,
               const std::vector<std::string>& fetches)
    : program_(program),
      uses_(program, GivenBy, ReadBy),
      effects_(program.size()),
      fetched_(program.size()),
      plans_(program.size()) {
  for (const auto& name : fetches)
    for (int i = 0; i < program.size(); ++i)
      if (const auto var = program.block(i).FindVar(name)) {  // the outermost, where blocks have variables of one name
        if (i == 0 || !var->persistable()) fetched_[i].insert(name);
        break;
      }
  for (const auto& var : program.block(0).vars())
    if (var->persistable()) weights_.insert(var->name());
  for (const auto& name : feeds) weights_.erase(name);
  for (int i = 0; i < program.size(); ++i) {
    for (const auto& op : program.block(i).ops())
      for (const auto& name : op->OutputNames()) weights_.erase(name);
    if (i == 0) continue;
    for (const auto& var : program.block(i).vars()) weights_.erase(var->name());  // it may hide the one outside
  }
  uint32_t ops = 0;
  for (int i = 0; i < program.size(); ++i) {
    first_op_.push_back(ops);
    ops += static_cast<uint32_t>(program.block(i).ops().size());
    for (const auto& op : program.block(i).ops()) {
      const OpDef* def = Registry::Get().FindOrNull(op->type());
      if (!def || def->has(kHost)) continue;
      for (const auto& used : {op->InputNames(), op->OutputNames()}) device_names_.insert(used.begin(), used.end());
    }
  }
}

OuterUse Blocks::UseOf(const OpDesc& op, int block) {
  Require(block > 0 && block < program_.size(), "the program has no block ", block, " within another");
  return uses_.Of(op, block);
}

bool Blocks::HasEffect(int block) {
  if (!effects_[block]) {
    const auto& ops = program_.block(block).ops();
    effects_[block] = std::any_of(ops.begin(), ops.end(), [&](const auto& op) {
      const OpDef* def = Registry::Get().FindOrNull(op->type());
      if (def && def->has(kEffect)) return true;
      const auto subs = op->Blocks();
      return std::any_of(subs.begin(), subs.end(), [&](int sub) { return HasEffect(sub); });
    });
  }
  return *effects_[block];
}

NameSet Blocks::FetchedWithin(int block) const {
  NameSet names = fetched_[block];
  for (const auto& op : program_.block(block).ops())
    for (const int sub : op->Blocks()) names.merge(FetchedWithin(sub));
  return names;
}

const BackwardUse& Blocks::BackwardUseOf(int block) {
  if (!backward_) {
    backward_.emplace(program_.size());
    for (int i = 1; i < program_.size(); ++i) {
      const int forward = program_.block(i).forward_block();
      if (forward <= 0 || forward >= program_.size()) continue;
      const OuterUse &use = uses_.Of(i), &of_forward = uses_.Of(forward);
      BackwardUse& backward = backward_->at(forward);
      backward.own.insert(use.forward.begin(), use.forward.end());
      for (const auto& name : use.reads)
        if (of_forward.writes.contains(name) && !use.writes.contains(name)) backward.outer.insert(name);
    }
  }
  return backward_->at(block);
}

}  // namespace paddle
