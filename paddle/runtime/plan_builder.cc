#include <algorithm>
#include <map>
#include <set>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "paddle/pass/expand.h"
#include "paddle/runtime/plan.h"

namespace paddle {
namespace {

using NameSet = std::set<std::string, std::less<>>;

// Variables of blocks around it that a block (and the blocks in it) reads and writes.
struct OuterUse {
  NameSet reads, writes;
};

void CollectOuterUse(const ProgramDesc& program, int index, NameSet local, OuterUse* use) {
  const BlockDesc& block = program.block(index);
  for (const auto& var : block.vars()) local.insert(var->name());
  for (const auto& op : block.ops()) {
    for (const auto& name : op->InputNames())
      if (name != kEmptyName && !local.contains(name)) use->reads.insert(name);
    for (const auto& name : op->OutputNames())
      if (name != kEmptyName && !local.contains(name)) use->writes.insert(name);
    for (const int sub : op->Blocks()) CollectOuterUse(program, sub, local, use);
  }
}

class Builder {
 public:
  Builder(std::shared_ptr<ProgramDesc> program, const PlanRequest& request)
      : program_(std::move(program)),
        block_(program_->block(request.block)),
        request_(request),
        plan_(std::make_shared<Plan>()) {}

  std::shared_ptr<const Plan> Build() {
    plan_->place = request_.place;
    plan_->feeds = request_.feeds;
    plan_->fetches = request_.fetches;
    plan_->program = program_;
    ListOps();
    DropDeadOps();
    MakeFeeds();
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (!keep_[i]) continue;
      try {
        MakeInstruction(*ops_[i], static_cast<uint32_t>(i));
      } catch (const std::exception& error) {
        RethrowWithContext(error, DescribeOp(*ops_[i], &block_));
      }
    }
    MakeFetches();
    FindLifetimes();
    DropUnwantedOutputs();
    SelectKernels();
    MarkDynamic();
    ListReleases();
    return plan_;
  }

 private:
  bool IsOuter(std::string_view name) const {
    const auto var = block_.FindVar(name);
    return !var || var->persistable();
  }

  void ListOps() {
    for (const auto& op : block_.ops()) {
      const OpDef& def = Registry::Get().Find(op->type());
      if (def.has(kNoPlan)) continue;
      ops_.push_back(op.get());
      defs_.push_back(&def);
      OuterUse use;
      for (const int sub : op->Blocks()) CollectOuterUse(*program_, sub, {}, &use);
      outer_use_.push_back(std::move(use));
    }
  }

  // Keeps what has an effect, writes outside the block, or is needed by what is kept.
  void DropDeadOps() {
    keep_.assign(ops_.size(), false);
    NameSet live(request_.fetches.begin(), request_.fetches.end());
    size_t dropped = 0;
    for (size_t k = ops_.size(); k-- > 0;) {
      const OpDesc& op = *ops_[k];
      bool needed = defs_[k]->has(kEffect);
      auto written = op.OutputNames();
      written.insert(written.end(), outer_use_[k].writes.begin(), outer_use_[k].writes.end());
      for (const auto& name : written)
        if (name != kEmptyName && (live.contains(name) || IsOuter(name))) needed = true;
      keep_[k] = needed;
      if (!needed) {
        ++dropped;
        continue;
      }
      if (defs_[k]->block.empty())  // a block may leave its outputs as they were
        for (const auto& name : written)
          if (!IsOuter(name)) live.erase(name);
      for (const auto& name : op.InputNames()) live.insert(name);
      live.insert(outer_use_[k].reads.begin(), outer_use_[k].reads.end());
    }
    plan_->passes.push_back(StrCat("dead code: ", dropped, " of ", ops_.size(), " ops dropped"));
  }

  VarKind KindOf(const std::string& name) const {
    const auto var = block_.FindVarRecursive(name);
    return var ? var->kind() : VarKind::kTensor;
  }

  int NewValue(const std::string& name, Home home, int def) {
    Value value;
    value.name = name;
    value.kind = KindOf(name);
    value.home = home;
    value.def = def;
    plan_->values.push_back(std::move(value));
    return static_cast<int>(plan_->values.size()) - 1;
  }

  int ExternalOf(const std::string& name) {
    const auto [found, fresh] = externals_.emplace(name, static_cast<int>(plan_->externals.size()));
    if (fresh) plan_->externals.push_back({name, KindOf(name)});
    return found->second;
  }

  void MakeFeeds() {
    for (size_t i = 0; i < request_.feeds.size(); ++i) {
      const int value = NewValue(request_.feeds[i], Home::kFeed, -1);
      plan_->values[value].feed = static_cast<int>(i);
      plan_->values[value].kind = VarKind::kTensor;
      current_[request_.feeds[i]] = value;
      plan_->feed_values.push_back(value);
    }
  }

  int Read(const std::string& name) {
    const auto found = current_.find(name);
    if (found != current_.end()) return found->second;
    // Nothing in this plan wrote it: it must be there already.
    const int external = ExternalOf(name);
    plan_->externals[external].read_first = true;
    plan_->externals[external].first_reader = plan_->end();
    const int value = NewValue(name, Home::kExternal, -1);
    plan_->values[value].external = external;
    return current_[name] = value;
  }

  int Write(const std::string& name, bool in_place) {
    const int def = plan_->end();
    const auto found = current_.find(name);
    if (in_place && found != current_.end() && plan_->values[found->second].home != Home::kFeed) return found->second;
    int value = -1;
    const bool was_external = externals_.contains(name);
    if (was_external ||
        (IsOuter(name) && (found == current_.end() || plan_->values[found->second].home != Home::kFeed))) {
      const int external = ExternalOf(name);
      plan_->externals[external].written = true;
      value = NewValue(name, Home::kExternal, def);
      plan_->values[value].external = external;
    } else {
      value = NewValue(name, Home::kArena, def);
    }
    return current_[name] = value;
  }

  void MakeInstruction(const OpDesc& op, uint32_t number) {
    CheckOp(op);
    const OpDef& def = *defs_[number];
    Instruction instruction;
    instruction.def = &def;
    instruction.attrs = def.parse(op);
    instruction.desc = op;
    instruction.random_id = number;
    if (def.has(kRandom)) plan_->uses_random = true;
    ArgNames args = ListArgs(def, op);
    instruction.begin = args.begin;
    instruction.inputs = args.begin[def.inputs.size()];
    const bool has_block = !def.block.empty();
    for (size_t slot = 0; slot < def.inputs.size(); ++slot)
      for (int i = args.begin[slot]; i < args.begin[slot + 1]; ++i)
        instruction.values.push_back(
            args.names[i] == kEmptyName || def.inputs[slot].has(kUnread) ? -1 : Read(args.names[i]));
    // What the block reads and writes beyond the slots keeps alive like arguments do.
    for (const auto& name : outer_use_[number].reads) instruction.block_values.push_back(Read(name));
    for (size_t i = instruction.inputs; i < args.names.size(); ++i)
      instruction.values.push_back(args.names[i] == kEmptyName ? -1 : WriteOutput(args.names[i], has_block));
    for (const auto& name : outer_use_[number].writes) instruction.block_values.push_back(WriteOutput(name, true));
    AddAliases(def, op, &instruction);
    if (has_block) {
      const auto blocks = op.Blocks();
      Require(blocks.size() == 1, "op '", op.type(), "' must name one block in '", def.block, "'");
      PlanRequest nested;
      nested.block = blocks[0];
      nested.place = request_.place;
      nested.nested = true;
      instruction.block = Builder(program_, nested).Build();
      plan_->uses_random |= instruction.block->uses_random;
    }
    plan_->instructions.push_back(std::move(instruction));
  }

  int WriteOutput(const std::string& name, bool by_block) {
    const int value = Write(name, by_block);
    if (by_block && plan_->values[value].home == Home::kArena) plan_->values[value].home = Home::kDynamic;
    return value;
  }

  void AddAliases(const OpDef& def, const OpDesc&, Instruction* instruction) {
    const auto add = [&](const std::vector<Alias>& aliases, std::vector<SharePair>* to) {
      for (const auto& alias : aliases) {
        const int out_slot = def.FindOutput(alias.output) + static_cast<int>(def.inputs.size());
        const int in_slot = def.FindInput(alias.input);
        const int outs = instruction->begin[out_slot + 1] - instruction->begin[out_slot];
        const int ins = instruction->begin[in_slot + 1] - instruction->begin[in_slot];
        for (int i = 0; i < std::min(outs, ins); ++i)
          to->push_back({instruction->begin[out_slot] + i, instruction->begin[in_slot] + i});
      }
    };
    add(def.must_share, &instruction->must_share);
    add(def.may_share, &instruction->may_share);
  }

  void MakeFetches() {
    for (const auto& name : request_.fetches) {
      if (!current_.contains(name)) {
        if (!block_.FindVarRecursive(name)) throw NotFound(StrCat("the program has no variable '", name, "' to fetch"));
        Require(IsOuter(name), "variable '", name,
                "' cannot be fetched: no op of the program writes it, and it is not fed");
      }
      const int value = Read(name);
      plan_->values[value].fetched = true;
      plan_->fetch_values.push_back(value);
    }
  }

  static bool ReadsBytes(const Instruction& instruction, int arg) {
    for (size_t slot = 0; slot < instruction.def->inputs.size(); ++slot)
      if (arg < instruction.begin[slot + 1]) return !instruction.def->inputs[slot].has(kMetaOnly);
    return true;
  }

  void FindLifetimes() {
    for (int i = 0; i < plan_->end(); ++i) {
      const Instruction& instruction = plan_->instructions[i];
      for (size_t arg = 0; arg < instruction.values.size(); ++arg) {
        const int value = instruction.values[arg];
        if (value < 0) continue;
        const bool output = static_cast<int>(arg) >= instruction.inputs;
        // What an array's tensors are like goes with them.
        if (output || ReadsBytes(instruction, static_cast<int>(arg)) ||
            plan_->values[value].kind == VarKind::kTensorArray)
          plan_->values[value].last = std::max(plan_->values[value].last, i);
      }
      for (const int value : instruction.block_values)
        plan_->values[value].last = std::max(plan_->values[value].last, i);
    }
    for (const int value : plan_->fetch_values) plan_->values[value].last = plan_->end();
  }

  // An output that nothing reads is not computed where the kernel can skip it.
  void DropUnwantedOutputs() {
    std::vector<bool> used(plan_->values.size(), false);
    for (const auto& instruction : plan_->instructions) {
      for (int arg = 0; arg < instruction.inputs; ++arg)
        if (instruction.values[arg] >= 0) used[instruction.values[arg]] = true;
      for (const int value : instruction.block_values) used[value] = true;
    }
    for (const int value : plan_->fetch_values) used[value] = true;
    for (auto& instruction : plan_->instructions) {
      for (size_t slot = 0; slot < instruction.def->outputs.size(); ++slot) {
        const SlotSpec& spec = instruction.def->outputs[slot];
        if (!spec.has(kOptional) && !spec.has(kIntermediate) && !spec.has(kRepeated)) continue;
        const size_t at = slot + instruction.def->inputs.size();
        for (int arg = instruction.begin[at]; arg < instruction.begin[at + 1]; ++arg) {
          const int value = instruction.values[arg];
          if (value >= 0 && !used[value] && plan_->values[value].home == Home::kArena &&
              SkipsNull(*instruction.def, at))
            instruction.values[arg] = -1;
        }
      }
    }
  }

  // Whether every kernel of the op takes a null pointer in that slot.
  bool SkipsNull(const OpDef& def, size_t slot) const {
    return std::all_of(def.kernels.begin(), def.kernels.end(),
                       [&](const Kernel& kernel) { return kernel.args[slot].pointer; });
  }

  void SelectKernels() {
    for (auto& instruction : plan_->instructions) {
      std::vector<std::vector<VarKind>> kinds(instruction.begin.size() - 1);
      for (size_t slot = 0; slot + 1 < instruction.begin.size(); ++slot)
        for (int arg = instruction.begin[slot]; arg < instruction.begin[slot + 1]; ++arg)
          if (instruction.values[arg] >= 0) kinds[slot].push_back(plan_->values[instruction.values[arg]].kind);
      try {
        const DeviceType device = instruction.def->has(kHost) ? DeviceType::kCpu : request_.place.device;
        instruction.kernel = &SelectKernel(*instruction.def, device, kinds);
      } catch (const std::exception& error) {
        RethrowWithContext(error, DescribeOp(instruction.desc, &block_));
      }
      CheckPresence(instruction);
    }
  }

  // A kernel that takes a reference cannot be given nothing.
  void CheckPresence(const Instruction& instruction) {
    for (size_t slot = 0; slot + 1 < instruction.begin.size(); ++slot) {
      if (instruction.kernel->args[slot].pointer) continue;
      const bool there =
          instruction.begin[slot] < instruction.begin[slot + 1] && instruction.values[instruction.begin[slot]] >= 0;
      if (there) continue;
      const size_t inputs = instruction.def->inputs.size();
      const bool output = slot >= inputs;
      const auto& spec = output ? instruction.def->outputs[slot - inputs] : instruction.def->inputs[slot];
      throw InvalidArgument(StrCat("op '", instruction.def->name, "' needs a variable for ",
                                   output ? "output " : "input ", spec.name, DescribeOp(instruction.desc, &block_)));
    }
  }

  // Marks what depends on values computed in the run: such shapes are inferred at the instruction's turn.
  void MarkDynamic() {
    std::vector<bool> tainted(plan_->values.size(), false);
    for (auto& instruction : plan_->instructions) {
      bool at_turn = instruction.block != nullptr;
      for (size_t slot = 0; slot < instruction.def->inputs.size(); ++slot)
        for (int arg = instruction.begin[slot]; arg < instruction.begin[slot + 1]; ++arg) {
          const int value = instruction.values[arg];
          if (value >= 0 && (tainted[value] || instruction.def->inputs[slot].has(kValue) ||
                             plan_->values[value].kind == VarKind::kTensorArray))
            at_turn = true;
        }
      instruction.infer_at_turn = at_turn;
      instruction.dynamic.assign(instruction.values.size(), false);
      for (const int value : instruction.block_values) tainted[value] = true;
      for (size_t slot = 0; slot < instruction.def->outputs.size(); ++slot) {
        const size_t at = slot + instruction.def->inputs.size();
        for (int arg = instruction.begin[at]; arg < instruction.begin[at + 1]; ++arg) {
          const int value = instruction.values[arg];
          if (value < 0) continue;
          const bool dynamic =
              instruction.def->outputs[slot].has(kDynamic) || plan_->values[value].kind != VarKind::kTensor;
          instruction.dynamic[arg] = dynamic;
          if (dynamic && plan_->values[value].home == Home::kArena) plan_->values[value].home = Home::kDynamic;
          if (at_turn || (dynamic && plan_->values[value].kind == VarKind::kTensor)) tainted[value] = true;
          if (at_turn && plan_->values[value].home == Home::kArena) plan_->values[value].home = Home::kDynamic;
        }
      }
    }
  }

  void ListReleases() {
    for (size_t value = 0; value < plan_->values.size(); ++value) {
      const Value& v = plan_->values[value];
      if (v.home == Home::kDynamic && v.last >= 0 && v.last < plan_->end())
        plan_->instructions[v.last].release.push_back(static_cast<int>(value));
    }
  }

  std::shared_ptr<ProgramDesc> program_;
  BlockDesc& block_;
  const PlanRequest& request_;
  std::shared_ptr<Plan> plan_;
  std::vector<const OpDesc*> ops_;
  std::vector<const OpDef*> defs_;
  std::vector<OuterUse> outer_use_;
  std::vector<bool> keep_;
  std::map<std::string, int, std::less<>> current_;
  std::map<std::string, int, std::less<>> externals_;
};

}  // namespace

std::shared_ptr<const Plan> BuildPlan(const ProgramDesc& program, const PlanRequest& request) {
  auto copy = program.Clone();
  for (int i = 0; i < copy->size(); ++i) ExpandOps(&copy->block(i), request.place.device);
  return Builder(copy, request).Build();
}

std::string DescribeInstruction(const Instruction& instruction, const Plan& plan, TensorMeta* const* metas) {
  std::ostringstream out;
  out << "\n  in op '" << instruction.def->name << "'";
  const std::string line = instruction.desc.UserLine();
  if (!line.empty()) out << "\n  made at " << line;
  const auto print = [&](const char* what, const std::vector<SlotSpec>& slots, size_t first) {
    for (size_t k = 0; k < slots.size(); ++k)
      for (int arg = instruction.begin[first + k]; arg < instruction.begin[first + k + 1]; ++arg) {
        const int value = instruction.values[arg];
        if (value < 0) continue;
        out << "\n    " << what << ' ' << slots[k].name << ": " << plan.values[value].name;
        if (metas && metas[arg]) out << "  " << *metas[arg];
      }
  };
  print("input", instruction.def->inputs, 0);
  print("output", instruction.def->outputs, instruction.def->inputs.size());
  for (const auto& [name, value] : instruction.desc.attrs())
    if (!IsCommonAttr(name)) out << "\n    attribute " << name << " = " << ToText(value);
  return std::move(out).str();
}

}  // namespace paddle
