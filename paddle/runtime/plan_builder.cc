#include <algorithm>
#include <map>
#include <set>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "paddle/pass/expand.h"
#include "paddle/runtime/copy.h"
#include "paddle/runtime/plan.h"

namespace paddle {
namespace {

using NameSet = std::set<std::string, std::less<>>;

// Whether what a variable of this kind holds lies on the host or on a device; the rest is everywhere.
bool HasPlace(VarKind kind) {
  return kind == VarKind::kTensor || kind == VarKind::kSelectedRows || kind == VarKind::kTensorArray;
}

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

// Variables that ops on the device use, in any block. Outside of plans they live on the device, all others on the host.
NameSet FindDeviceNames(const ProgramDesc& program) {
  NameSet names;
  for (int block = 0; block < program.size(); ++block)
    for (const auto& op : program.block(block).ops()) {
      const OpDef& def = Registry::Get().Find(op->type());
      if (def.has(kHost)) continue;
      for (const auto& used : {op->InputNames(), op->OutputNames()}) names.insert(used.begin(), used.end());
    }
  return names;
}

class Builder {
 public:
  Builder(std::shared_ptr<ProgramDesc> program, const PlanRequest& request, const NameSet& device_names)
      : program_(std::move(program)),
        block_(program_->block(request.block)),
        request_(request),
        device_names_(device_names),
        plan_(std::make_shared<Plan>()) {}

  std::shared_ptr<const Plan> Build() {
    plan_->place = request_.place;
    plan_->feeds = request_.feeds;
    plan_->fetches = request_.fetches;
    plan_->program = program_;
    ListOps();
    DropDeadOps();
    PlanBlocks();
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

  // The plans of sub-blocks, one an op (null without).
  void PlanBlocks() {
    blocks_.resize(ops_.size());
    for (size_t k = 0; k < ops_.size(); ++k) {
      if (!keep_[k] || defs_[k]->block.empty()) continue;
      try {
        const auto blocks = ops_[k]->Blocks();
        Require(blocks.size() == 1, "op '", ops_[k]->type(), "' must name one block in '", defs_[k]->block, "'");
        PlanRequest nested;
        nested.block = blocks[0];
        nested.place = request_.place;
        nested.nested = true;
        blocks_[k] = Builder(program_, nested, device_names_).Build();
      } catch (const std::exception& error) {
        RethrowWithContext(error, DescribeOp(*ops_[k], &block_));
      }
    }
  }

  // ---- sides: in a plan for a device, each value is on the device or on the host ----

  bool two_sided() const { return !request_.place.is_cpu(); }

  // The value itself where it is on that side, else its copy there.
  int OnSide(int value, bool host) {
    const Value v = plan_->values[value];
    if (!two_sided() || v.on_host == host || !HasPlace(v.kind)) return value;
    if (const auto found = copies_.find(value); found != copies_.end()) return found->second;
    const int copy = NewValue(v.name, Home::kArena, plan_->end(), host);
    plan_->values[copy].kind = v.kind;
    AppendCopy(value, copy);
    return copies_[value] = copy;
  }

  void AppendCopy(int from, int to) {
    Instruction copy;
    copy.def = &CopyDef();
    copy.kernel = &CopyKernel(plan_->values[to].on_host);
    copy.desc = OpDesc("copy");
    copy.desc.SetInput("X", {plan_->values[from].name});
    copy.desc.SetOutput("Out", {plan_->values[to].name});
    copy.values = {from, to};
    copy.begin = {0, 1, 2};
    copy.inputs = 1;
    plan_->values[to].def = plan_->end();
    plan_->instructions.push_back(std::move(copy));
  }

  // The side on which the plan of a sub-block wants a variable around it.
  static bool WantedOnHost(const Plan& block, const std::string& name) {
    for (const auto& external : block.externals)
      if (external.name == name) return external.on_host;
    return false;
  }

  // Lets the copy on the wanted side be the current version of a variable that a sub-block changes in place.
  void ChangeSide(const std::string& name, bool host) {
    const auto found = current_.find(name);
    if (!two_sided() || found == current_.end()) return;
    found->second = OnSide(found->second, host);
    copies_.erase(found->second);
    std::erase_if(copies_, [&](const auto& pair) { return pair.second == found->second; });
  }

  VarKind KindOf(const std::string& name) const {
    const auto var = block_.FindVarRecursive(name);
    return var ? var->kind() : VarKind::kTensor;
  }

  int NewValue(const std::string& name, Home home, int def, bool on_host = false) {
    Value value;
    value.name = name;
    value.kind = KindOf(name);
    value.home = home;
    value.def = def;
    value.on_host = two_sided() && on_host;
    if (value.on_host && home == Home::kArena) value.home = Home::kDynamic;  // the arena is the device's
    plan_->values.push_back(std::move(value));
    return static_cast<int>(plan_->values.size()) - 1;
  }

  int ExternalOf(const std::string& name) {
    const auto [found, fresh] = externals_.emplace(name, static_cast<int>(plan_->externals.size()));
    if (fresh) {
      plan_->externals.push_back({name, KindOf(name)});
      plan_->externals.back().on_host = two_sided() && !device_names_.contains(name);
    }
    return found->second;
  }

  void MakeFeeds() {
    for (size_t i = 0; i < request_.feeds.size(); ++i) {
      const int value = NewValue(request_.feeds[i], Home::kFeed, -1, true);
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
    const int value = NewValue(name, Home::kExternal, -1, plan_->externals[external].on_host);
    plan_->values[value].external = external;
    return current_[name] = value;
  }

  int Write(const std::string& name, bool in_place, bool host) {
    const int def = plan_->end();
    const auto found = current_.find(name);
    if (in_place && found != current_.end() && plan_->values[found->second].home != Home::kFeed) return found->second;
    int value = -1;
    const bool was_external = externals_.contains(name);
    if (was_external ||
        (IsOuter(name) && (found == current_.end() || plan_->values[found->second].home != Home::kFeed))) {
      const int external = ExternalOf(name);
      plan_->externals[external].written = true;
      if (two_sided() && host && !plan_->externals[external].on_host && HasPlace(KindOf(name))) {
        value = NewValue(name, Home::kArena, def, host);
        to_copy_out_.push_back(value);
        return value;
      }
      value = NewValue(name, Home::kExternal, def, plan_->externals[external].on_host);
      plan_->values[value].external = external;
    } else {
      value = NewValue(name, Home::kArena, def, host);
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
    instruction.on_host = two_sided() && def.has(kHost);
    for (size_t slot = 0; slot < def.inputs.size(); ++slot)
      for (int i = args.begin[slot]; i < args.begin[slot + 1]; ++i)
        instruction.values.push_back(ReadInput(instruction, slot, args.names[i]));
    if (has_block) ReadBlockNames(number, &instruction);
    for (size_t i = instruction.inputs; i < args.names.size(); ++i)
      instruction.values.push_back(
          args.names[i] == kEmptyName
              ? -1
              : WriteOutput(args.names[i], has_block,
                            has_block ? WantedOnHost(*blocks_[number], args.names[i]) : instruction.on_host));
    if (has_block) WriteBlockNames(number, &instruction);
    AddAliases(def, op, &instruction);
    if (has_block) {
      instruction.block = blocks_[number];
      plan_->uses_random |= instruction.block->uses_random;
    }
    plan_->instructions.push_back(std::move(instruction));
    CopyOut();
  }

  int ReadInput(const Instruction& instruction, size_t slot, const std::string& name) {
    const OpDef& def = *instruction.def;
    const SlotSpec& spec = def.inputs[slot];
    if (name == kEmptyName || spec.has(kUnread)) return -1;
    const int value = Read(name);
    // What only the block reads is on the side that the block wants.
    const bool for_block = !def.block.empty() && def.kernels.front().args[slot].kind == ArgKind::kAny;
    if (spec.has(kMetaOnly) || for_block) return value;
    return OnSide(value, instruction.on_host || spec.has(kValue));
  }

  // What the block reads and writes beyond the slots keeps alive like arguments do.
  void ReadBlockNames(uint32_t number, Instruction* instruction) {
    for (const auto& name : outer_use_[number].reads) {
      const int value = OnSide(Read(name), WantedOnHost(*blocks_[number], name));
      instruction->block_values.push_back(value);
      instruction->block_names[name] = value;
    }
    for (const auto& name : outer_use_[number].writes) ChangeSide(name, WantedOnHost(*blocks_[number], name));
  }

  void WriteBlockNames(uint32_t number, Instruction* instruction) {
    for (const auto& name : outer_use_[number].writes) {
      const int value = WriteOutput(name, true, WantedOnHost(*blocks_[number], name));
      instruction->block_values.push_back(value);
      instruction->block_names[name] = value;
    }
  }

  int WriteOutput(const std::string& name, bool by_block, bool host) {
    const int value = Write(name, by_block, host);
    if (by_block && plan_->values[value].home == Home::kArena) plan_->values[value].home = Home::kDynamic;
    return value;
  }

  // Takes what an op on the host made for variables outside that live on the device there.
  void CopyOut() {
    for (const int made : std::exchange(to_copy_out_, {})) {
      const std::string name = plan_->values[made].name;
      const int value = NewValue(name, Home::kExternal, plan_->end());
      plan_->values[value].external = ExternalOf(name);
      AppendCopy(made, value);
      current_[name] = value;
      copies_[value] = made;
    }
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
        if (output || ReadsBytes(instruction, static_cast<int>(arg)))
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
      if (instruction.kernel) continue;  // a copy
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
  const NameSet& device_names_;  // for a plan of two sides
  std::shared_ptr<Plan> plan_;
  std::vector<const OpDesc*> ops_;
  std::vector<const OpDef*> defs_;
  std::vector<OuterUse> outer_use_;
  std::vector<bool> keep_;
  std::vector<std::shared_ptr<const Plan>> blocks_;
  std::map<int, int> copies_;     // of a value on the other side
  std::vector<int> to_copy_out_;  // values that the instruction at hand makes on the wrong side
  std::map<std::string, int, std::less<>> current_;
  std::map<std::string, int, std::less<>> externals_;
};

}  // namespace

std::shared_ptr<const Plan> BuildPlan(const ProgramDesc& program, const PlanRequest& request) {
  auto copy = program.Clone();
  for (int i = 0; i < copy->size(); ++i) ExpandOps(&copy->block(i), request.place.device);
  const auto lock = Registry::Get().ReadKernels();
  return Builder(copy, request, request.place.is_cpu() ? NameSet() : FindDeviceNames(*copy)).Build();
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
