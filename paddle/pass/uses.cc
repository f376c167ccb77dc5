#include "paddle/pass/uses.h"

#include <algorithm>
#include <iterator>

#include "paddle/base/errors.h"

namespace paddle {

Uses::Uses(const ProgramDesc& program, const std::vector<std::string>& outside)
    : block_(program.block(0)), outside_(outside.begin(), outside.end()) {
  for (size_t at = 0; at < block_.ops().size(); ++at) {
    const OpDesc& op = *block_.ops()[at];
    for (const auto& name : op.InputNames()) users_[name].all.insert(at);
    for (const auto& name : op.OutputNames()) {
      users_[name].all.insert(at);
      users_[name].writers.insert(at);
    }
    for (const int sub : op.Blocks()) AddBlock(program, sub, at);
  }
}

void Uses::AddBlock(const ProgramDesc& program, int block, size_t at) {
  for (const auto& op : program.block(block).ops()) {
    for (const auto& name : op->InputNames()) users_[name].all.insert(at);
    for (const auto& name : op->OutputNames()) {
      users_[name].all.insert(at);
      users_[name].writers.insert(at);
    }
    for (const int sub : op->Blocks()) AddBlock(program, sub, at);
  }
}

const Uses::Users& Uses::Find(const std::string& name) const {
  static const Users kNone;
  const auto found = users_.find(name);
  return found == users_.end() ? kNone : found->second;
}

const std::set<size_t>& Uses::Of(const std::string& name) const { return Find(name).all; }

bool Uses::Outside(const std::string& name) const {
  const auto var = block_.FindVar(name);
  return !var || var->persistable() || outside_.contains(name);
}

bool Uses::Only(const std::string& name, const std::set<size_t>& ops) const {
  const auto& all = Of(name);
  return !Outside(name) && std::includes(ops.begin(), ops.end(), all.begin(), all.end());
}

size_t Uses::Writer(const std::string& name) const {
  const auto& writers = Find(name).writers;
  Require(writers.size() == 1, "'", name, "' is written by ", writers.size(), " ops");
  return *writers.begin();
}

const OpDesc* Uses::OnlyWriter(const std::string& name) const {
  const auto& writers = Find(name).writers;
  return writers.size() == 1 && !Outside(name) ? block_.ops()[*writers.begin()].get() : nullptr;
}

size_t Uses::LastWriter(const std::string& name, size_t at) const {
  const auto& writers = Find(name).writers;
  const auto next = writers.lower_bound(at);
  return next == writers.begin() ? at : *std::prev(next);
}

bool Uses::WrittenIn(const std::string& name, size_t begin, size_t end) const {
  const auto& writers = Find(name).writers;
  const auto found = writers.lower_bound(begin);
  return found != writers.end() && *found < end;
}

bool Uses::UsedIn(const std::string& name, size_t begin, size_t end) const {
  const auto& all = Of(name);
  const auto found = all.lower_bound(begin);
  return found != all.end() && *found < end;
}

}  // namespace paddle
