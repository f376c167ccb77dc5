#include "paddle/autodiff/gradients.h"

#include <algorithm>

namespace paddle {
namespace {

constexpr std::string_view kPrefix = "grad/";

// How many calls wrote gradients into a block, as far as the names tell.
int CountCalls(const std::set<std::string>& gradients) {
  int calls = gradients.empty() ? 0 : 1;
  for (const auto& name : gradients) {
    int count = 0;
    for (std::string_view rest = name; rest.starts_with(kPrefix); rest.remove_prefix(kPrefix.size())) ++count;
    calls = std::max(calls, count);
  }
  return calls;
}

}  // namespace

Gradients::Gradients(const BlockDesc& block, int number) : block_(block), number_(number) {
  for (const auto& var : block.vars())
    if (var->name().find(kGradSuffix) != std::string::npos) taken_.insert(var->name());
  for (int call = CountCalls(taken_); call >= 0; --call) prefix_ += kPrefix;
}

bool Gradients::Has(const std::string& variable) const {
  const auto found = states_.find(variable);
  return found != states_.end() && !found->second.parts.empty();
}

Gradients::State& Gradients::Find(const std::string& variable) {
  const auto [found, added] = states_.try_emplace(variable);
  if (added) order_.push_back(variable);
  return found->second;
}

std::string Gradients::PlainName(const std::string& variable) const {
  const std::string name = GradName(variable);
  return taken_.contains(name) ? prefix_ + name : name;
}

std::string Gradients::NameForTarget(const std::string& target) const {
  const auto used = [&](const std::string& name) {
    if (taken_.contains(name)) return true;
    return std::any_of(states_.begin(), states_.end(), [&](const auto& entry) { return entry.second.latest == name; });
  };
  std::string name = GradName(target);
  for (int k = 0; used(name); ++k) name = StrCat(GradName(target), '_', k);
  return name;
}

void Gradients::Give(const std::string& variable, const std::string& name) {
  State& state = Find(variable);
  state.parts.push_back({name, -1});
  state.latest = name;
}

void Gradients::Start(const std::string& target, OpDesc op) {
  if (PlainName(target) == GradName(target)) return Append(std::move(op), {}, {{GradName(target), target}});
  const std::string name = NameForTarget(target);
  op.RenameOutput(GradName(target), name);
  ops_.push_back(std::move(op));
  Give(target, name);
}

std::string Gradients::Read(const std::string& variable) {
  if (!Has(variable)) FillZeros(variable);
  State& state = Find(variable);
  if (state.parts.size() > 1) Sum(variable, &state);
  return state.latest = state.parts[0].name;
}

void Gradients::Sum(const std::string& variable, State* state) {
  std::vector<std::string> names;
  for (const auto& part : state->parts) names.push_back(part.name);
  OpDesc sum("sum");
  sum.SetInput("X", std::move(names));
  sum.SetOutput("Out", {PlainName(variable)});
  state->since = ops_.size();
  state->parts = {{PlainName(variable), static_cast<int>(ops_.size())}};
  state->latest = PlainName(variable);
  ops_.push_back(std::move(sum));
}

void Gradients::FillZeros(const std::string& variable) {
  // Zeros are shaped as the value; for the gradient of a gradient Fluid takes the variable that it all began with.
  const std::string base = variable.substr(0, variable.find(kGradSuffix));
  OpDesc zeros("fill_zeros_like");
  zeros.SetInput("X", {block_.FindVarRecursive(base) ? base : variable});
  zeros.SetOutput("Out", {GradName(variable)});
  Append(std::move(zeros), {}, {{GradName(variable), variable}});
}

void Gradients::Append(OpDesc op, const Names& reads, const Names& writes) {
  std::vector<std::string> read;
  for (auto slot : std::vector<OpDesc::Slot>(op.inputs())) {
    for (auto& name : slot.args) {
      const auto found = reads.find(name);
      if (found == reads.end()) continue;
      read.push_back(found->second);
      name = Read(found->second);
    }
    op.SetInput(slot.name, std::move(slot.args));
  }
  std::vector<OpDesc::Slot> outputs = op.outputs();
  ops_.push_back(std::move(op));
  for (auto& slot : outputs) {
    for (auto& name : slot.args) {
      const auto found = writes.find(name);
      if (found == writes.end()) continue;
      const auto in_place = std::find(read.begin(), read.end(), found->second);
      name = Contribute(found->second, in_place != read.end(), &outputs);
      if (in_place != read.end()) read.erase(in_place);
    }
  }
  for (auto& slot : outputs) ops_.back().SetOutput(slot.name, std::move(slot.args));
}

// The name under which the op at the end of the list writes a contribution. `outputs`: its outputs, named so far.
std::string Gradients::Contribute(const std::string& variable, bool in_place, std::vector<OpDesc::Slot>* outputs) {
  State& state = Find(variable);
  const std::string plain = PlainName(variable);
  const int index = static_cast<int>(ops_.size()) - 1;
  const bool ours = !state.parts.empty() && state.parts[0].op >= 0;
  // What a gradient block writes into an array around it is added to the item there.
  if (state.parts.size() == 1 && !ours && ops_.back().type() == "write_to_array")
    return state.latest = state.parts[0].name;
  if (in_place && ours) {  // an op that overwrote its input: the gradient takes the same way
    state.parts[0].op = index;
    return state.latest = state.parts[0].name;
  }
  if (in_place || state.parts.empty()) {
    state.parts = {{plain, index}};
    state.since = static_cast<size_t>(index);
    return state.latest = plain;
  }
  if (state.parts.size() == 1 && ours) RenameFirst(&state, plain, outputs);
  const std::string name = StrCat(plain, "@RENAME@block", number_, '@', state.renames++);
  state.parts.push_back({name, index});
  state.latest = name;
  return name;
}

// The contribution that has the plain name gets a numbered one, wherever it was written and read since.
void Gradients::RenameFirst(State* state, const std::string& plain, std::vector<OpDesc::Slot>* outputs) {
  const std::string old = state->parts[0].name;
  const std::string renamed = StrCat(plain, "@RENAME@block", number_, '@', state->renames);
  if (old != plain) return;
  ++state->renames;
  state->parts[0].name = renamed;
  for (size_t k = state->since; k < ops_.size(); ++k) {
    if (on_rename && k > state->since && k + 1 < ops_.size()) on_rename(&ops_[k], plain, renamed);
    if (k > state->since) ops_[k].RenameInput(plain, renamed);
    if (k + 1 < ops_.size()) ops_[k].RenameOutput(plain, renamed);
  }
  if (state->parts[0].op != static_cast<int>(ops_.size()) - 1) return;
  for (auto& slot : *outputs)
    for (auto& name : slot.args)
      if (name == plain) {
        name = renamed;
        return;
      }
}

void Gradients::Forget(const std::string& variable, size_t since) {
  const auto found = states_.find(variable);
  if (found == states_.end()) return;
  State& state = found->second;
  const auto old = [&](const Part& part) { return part.op < static_cast<int>(since); };
  const bool all_old = std::all_of(state.parts.begin(), state.parts.end(), old);
  if (all_old && state.parts.size() > 1) Sum(variable, &state);
  if (all_old) return state.parts.clear();
  if (old(state.parts[0])) {
    std::erase_if(state.parts, old);
    state.since = static_cast<size_t>(state.parts[0].op);
  }
}

void Gradients::Finish() {
  for (size_t k = 0; k < order_.size(); ++k)
    if (Has(order_[k])) Read(order_[k]);
}

Gradients::Names Gradients::Result() const {
  Names names;
  for (const auto& [variable, state] : states_)
    if (!state.latest.empty()) names[variable] = state.latest;
  return names;
}

}  // namespace paddle
