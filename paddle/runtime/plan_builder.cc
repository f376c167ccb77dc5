#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "paddle/program/short_text.h"
#include "paddle/runtime/blocks.h"
#include "paddle/runtime/copy.h"
#include "paddle/runtime/passes.h"
#include "paddle/runtime/plan.h"
#include "paddle/runtime/plan_types.h"

namespace paddle {
namespace {

// Whether what a variable of this kind holds lies on the host or on a device; the rest is everywhere.
bool HasPlace(VarKind kind) {
  return kind == VarKind::kTensor || kind == VarKind::kSelectedRows || kind == VarKind::kTensorArray;
}

class Builder {
 public:
  Builder(std::shared_ptr<ProgramDesc> program, int block, const PlanRequest& request, Blocks* blocks)
      : program_(std::move(program)),
        block_(program_->block(block)),
        request_(request),
        blocks_(*blocks),
        first_op_(blocks->FirstOp(block)),
        plan_(std::make_shared<Plan>()) {}

  // `passes`: what was done to the program, in words.
  std::shared_ptr<const Plan> Build(std::vector<std::string> passes = {}) {
    plan_->passes = std::move(passes);
    plan_->place = request_.place;
    plan_->feeds = request_.feeds;
    plan_->fetches = request_.fetches;
    plan_->program = program_;
    plan_->block = block_.index();
    plan_->forward_block = block_.forward_block();
    plan_->given.insert(request_.vars.given.begin(), request_.vars.given.end());
    ListOps();
    DropDeadOps();
    MakeFeeds();
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (!keep_[i]) continue;
      NamingOp(*ops_[i], [&] { MakeInstruction(*ops_[i], static_cast<uint32_t>(i)); });
    }
    MakeFetches();
    if (block_.index() > 0) KeepOwn();
    FindLifetimes();
    DropUnwantedOutputs();
    SelectKernels();
    MarkDynamic();
    MarkWeights();
    ListReleases();
    CheckTypes(*plan_, block_);
    return plan_;
  }

 private:
  // What is given to a block stands for a variable around it, though the block declares it.
  bool IsOuter(std::string_view name) const {
    const auto var = block_.FindVar(name);
    return !var || var->persistable() || plan_->given.contains(name);
  }

  // Runs `action`; an error of it gets the op's text.
  template <class Action>
  void NamingOp(const OpDesc& op, Action action) const {
    try {
      action();
    } catch (const std::exception& error) {
      RethrowWithContext(error, DescribeOp(op, &block_));
    }
  }

  void ListOps() {
    for (const auto& op : block_.ops()) NamingOp(*op, [&] { ListOp(*op); });
  }

  void ListOp(const OpDesc& op) {
    const OpDef& def = Registry::Get().Find(op.type());
    if (def.has(kNoPlan)) return;
    OuterUse use;
    bool effect = def.has(kEffect);
    const auto blocks = op.Blocks();
    if (def.block.empty())
      Require(blocks.empty(), "op '", op.type(), "' runs no block");
    else
      Require(blocks.size() == 1, "op '", op.type(), "' must name one block in '", def.block, "'");
    for (const int sub : blocks) {
      use = blocks_.UseOf(op, sub);
      effect |= blocks_.HasEffect(sub) || !blocks_.FetchedWithin(sub).empty();
    }
    if (!def.block.empty()) {
      block_written_.insert(use.writes.begin(), use.writes.end());
      const auto outputs = op.OutputNames();
      block_written_.insert(outputs.begin(), outputs.end());
    }
    ops_.push_back(&op);
    defs_.push_back(&def);
    outer_use_.push_back(std::move(use));
    effect_.push_back(effect);
  }

  // Keeps what has an effect, writes outside the block, or is needed by what is kept.
  void DropDeadOps() {
    keep_.assign(ops_.size(), false);
    NameSet live(request_.fetches.begin(), request_.fetches.end());
    if (block_.index() > 0) live.merge(ReadAfterRun());
    size_t dropped = 0;
    for (size_t k = ops_.size(); k-- > 0;) {
      const OpDesc& op = *ops_[k];
      bool needed = effect_[k];
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
          if (!IsOuter(name) && KindOf(name) != VarKind::kTensorArray) live.erase(name);
      for (const auto& name : op.InputNames()) live.insert(name);
      live.insert(outer_use_[k].reads.begin(), outer_use_[k].reads.end());
    }
    plan_->passes.push_back(StrCat("dead code: ", dropped, " of ", ops_.size(), " ops dropped"));
  }

  VarKind KindOf(const std::string& name) const {
    const auto var = block_.FindVarRecursive(name);
    return var ? var->kind() : VarKind::kTensor;
  }

  bool Varies(const std::string& name) const {
    const auto var = block_.FindVarRecursive(name);
    if (!var || !var->HasTensor()) return true;
    const auto shape = var->shape();
    return std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; });
  }

  int NewValue(const std::string& name, Home home, int def, bool on_host = false) {
    Value value;
    value.name = name;
    value.kind = KindOf(name);
    value.home = home;
    value.def = def;
    value.on_host = two_sided() && on_host;
    value.varies = Varies(name);
    if (value.on_host && home == Home::kArena) value.home = Home::kDynamic;  // the arena is the device's
    plan_->values.push_back(std::move(value));
    return static_cast<int>(plan_->values.size()) - 1;
  }

  int ExternalOf(const std::string& name) {
    const auto [found, fresh] = externals_.emplace(name, static_cast<int>(plan_->externals.size()));
    if (fresh) {
      plan_->externals.push_back({name, KindOf(name)});
      plan_->externals.back().on_host = LivesOnHost(name);
    }
    return found->second;
  }

  int NewExternalValue(const std::string& name, int def) {
    const int external = ExternalOf(name);
    const int value = NewValue(name, Home::kExternal, def, plan_->externals[external].on_host);
    plan_->values[value].external = external;
    return value;
  }

  // ---- sides: in a plan for a device, each value is on the device or on the host ----

  bool two_sided() const { return !request_.place.is_cpu(); }
  bool LivesOnHost(const std::string& name) const { return two_sided() && !blocks_.OnDevice(name); }

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
    plan_->instructions.push_back(std::move(copy));
  }

  // What an op made on the other side goes to where its variable lives.
  void CopyOut() {
    for (const auto& [made, value] : std::exchange(to_copy_out_, {})) {
      AppendCopy(made, value);
      copies_[value] = made;
    }
  }

  // ---- versions ----

  // A feed is the caller's memory. Fed where a block writes, it is copied; fed to a persistable variable, it is kept.
  void MakeFeeds() {
    for (size_t i = 0; i < request_.feeds.size(); ++i) {
      const std::string& name = request_.feeds[i];
      const int fed = NewValue(name, Home::kFeed, -1, true);
      plan_->values[fed].feed = static_cast<int>(i);
      plan_->values[fed].kind = VarKind::kTensor;
      current_[name] = fed;
      plan_->feed_values.push_back(fed);
      const auto var = block_.FindVar(name);
      const bool keep = var && var->persistable();
      if (!keep && !block_written_.contains(name)) continue;
      const int own =
          keep ? NewExternalValue(name, plan_->end()) : NewValue(name, Home::kDynamic, plan_->end(), LivesOnHost(name));
      if (keep) plan_->externals[plan_->values[own].external].written = true;
      AppendCopy(fed, own);
      current_[name] = own;
    }
  }

  int Read(const std::string& name) {
    const auto found = current_.find(name);
    if (found != current_.end()) return found->second;
    // Nothing in this plan wrote it: it must be there already, but for an array, which starts empty.
    if (!IsOuter(name) && KindOf(name) == VarKind::kTensorArray)
      return current_[name] = NewValue(name, Home::kDynamic, plan_->end(), LivesOnHost(name));
    const int value = NewExternalValue(name, -1);
    External& external = plan_->externals[plan_->values[value].external];
    external.read_first = true;
    external.first_reader = plan_->end();
    return current_[name] = value;
  }

  // A new version of the variable, made by an op on that side. What a block writes has one version only: whether the
  // block runs is not known here. So has an array: its other items stay.
  int Write(const std::string& name, bool host) {
    const auto found = current_.find(name);
    const bool by_block = block_written_.contains(name), known = found != current_.end();
    int value = -1;
    if (known && (by_block || KindOf(name) == VarKind::kTensorArray)) {
      value = found->second;
      copies_.erase(value);
    } else if (externals_.contains(name) ||
               (IsOuter(name) && !(known && plan_->values[found->second].home == Home::kFeed))) {
      value = NewExternalValue(name, plan_->end());
    } else {
      value =
          NewValue(name, by_block ? Home::kDynamic : Home::kArena, plan_->end(), by_block ? LivesOnHost(name) : host);
    }
    current_[name] = value;
    const Value& v = plan_->values[value];
    if (v.external >= 0) plan_->externals[v.external].written = true;
    if (!two_sided() || v.on_host == host || !HasPlace(v.kind)) return value;
    const int made = NewValue(name, Home::kArena, plan_->end(), host);
    to_copy_out_.emplace_back(made, value);
    return made;
  }

  void MakeInstruction(const OpDesc& op, uint32_t number) {
    CheckOp(op);
    const OpDef& def = *defs_[number];
    Instruction instruction;
    instruction.def = &def;
    instruction.attrs = def.parse(op);
    instruction.desc = op;
    instruction.random_id = first_op_ + number;
    if (def.has(kRandom)) plan_->uses_random = true;
    ArgNames args = ListArgs(def, op);
    instruction.begin = args.begin;
    instruction.inputs = args.begin[def.inputs.size()];
    instruction.on_host = two_sided() && def.has(kHost);
    for (size_t slot = 0; slot < def.inputs.size(); ++slot)
      for (int i = args.begin[slot]; i < args.begin[slot + 1]; ++i)
        instruction.values.push_back(ReadInput(instruction, slot, args.names[i]));
    // What the block reads and writes beyond the slots keeps alive like arguments do.
    for (const auto& name : outer_use_[number].reads)
      instruction.block_values.push_back(OnSide(Read(name), LivesOnHost(name)));
    const bool has_block = !def.block.empty();
    for (size_t i = instruction.inputs; i < args.names.size(); ++i) {
      const std::string& name = args.names[i];
      const bool host = has_block ? LivesOnHost(name) : instruction.on_host;
      instruction.values.push_back(name == kEmptyName ? -1 : Write(name, host));
    }
    for (const auto& name : outer_use_[number].writes)
      instruction.block_values.push_back(Write(name, LivesOnHost(name)));
    AddAliases(def, op, &instruction);
    for (const int sub : op.Blocks()) {
      auto& plan = blocks_.PlanOf(sub);
      if (!plan) {
        const BlockVars vars = def.block_vars ? def.block_vars(instruction.attrs.get(), op) : BlockVars{};
        plan = Builder(program_, sub, {{}, {}, request_.place, vars}, &blocks_).Build();
      }
      instruction.block = plan;
      const NameSet fetched = blocks_.FetchedWithin(sub);
      instruction.fetched.assign(fetched.begin(), fetched.end());
      plan_->uses_random |= plan->uses_random;
    }
    plan_->instructions.push_back(std::move(instruction));
    CopyOut();
  }

  int ReadInput(const Instruction& instruction, size_t slot, const std::string& name) {
    const OpDef& def = *instruction.def;
    const SlotSpec& spec = def.inputs[slot];
    if (name == kEmptyName || spec.has(kUnread)) return -1;
    const bool for_block = !def.block.empty() && def.kernels.front().args[slot].kind == ArgKind::kAny;
    // Fluid's programs name gradients here that only the runs of the block will make.
    const bool declared = block_.FindVarRecursive(name) != nullptr;
    if (for_block && spec.has(kOptional) && !current_.contains(name) && (!declared || !IsOuter(name))) return -1;
    const int value = Read(name);
    // What only the block reads is on the side that the block wants.
    if (spec.has(kMetaOnly) || for_block) return value;
    return OnSide(value, instruction.on_host || spec.has(kValue));
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
        if (blocks_.IsFetchedWithin(name)) {
          plan_->fetch_values.push_back(-1);
          continue;
        }
        if (!block_.FindVarRecursive(name)) throw NotFound(StrCat("the program has no variable '", name, "' to fetch"));
        Require(IsOuter(name), "variable '", name,
                "' cannot be fetched: no op of the program writes it, and it is not fed");
      }
      const int value = Read(name);
      plan_->values[value].fetched = true;
      plan_->fetch_values.push_back(value);
    }
  }

  // The block's own variables that its op, or a gradient block, reads after a run.
  NameSet ReadAfterRun() const {
    NameSet names = blocks_.BackwardUseOf(block_.index()).own;
    names.insert(request_.vars.taken.begin(), request_.vars.taken.end());
    names.insert(blocks_.FetchedOf(block_.index()).begin(), blocks_.FetchedOf(block_.index()).end());
    return names;
  }

  void KeepOwn() {
    for (const auto& name : ReadAfterRun()) {
      const auto found = current_.find(name);
      if (found == current_.end() || plan_->values[found->second].home == Home::kExternal) continue;
      plan_->values[found->second].fetched = true;
      plan_->kept.emplace(name, found->second);
    }
    for (const auto& name : blocks_.BackwardUseOf(block_.index()).outer) {
      const auto found = externals_.find(name);
      if (found == externals_.end() || KindOf(name) != VarKind::kTensor) continue;
      plan_->snapshots.push_back({name, found->second, !plan_->externals[found->second].read_first});
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
    for (auto& value : plan_->values)
      if (value.fetched) value.last = plan_->end();
  }

  // An output that nothing reads is not computed where the kernel can skip it.
  void DropUnwantedOutputs() {
    std::vector<bool> used(plan_->values.size(), false);
    for (const auto& instruction : plan_->instructions) {
      for (int arg = 0; arg < instruction.inputs; ++arg)
        if (instruction.values[arg] >= 0) used[instruction.values[arg]] = true;
      for (const int value : instruction.block_values) used[value] = true;
    }
    for (size_t value = 0; value < used.size(); ++value)
      if (plan_->values[value].fetched) used[value] = true;
    for (auto& instruction : plan_->instructions) {
      for (size_t slot = 0; slot < instruction.def->outputs.size(); ++slot) {
        const SlotSpec& spec = instruction.def->outputs[slot];
        if (!spec.has(kOptional) && !spec.has(kIntermediate) && !spec.has(kRepeated)) continue;
        const size_t at = slot + instruction.def->inputs.size();
        for (int arg = instruction.begin[at]; arg < instruction.begin[at + 1]; ++arg) {
          const int value = instruction.values[arg];
          if (value < 0 || used[value] || !SkipsNull(*instruction.def, at)) continue;
          const Value& v = plan_->values[value];
          // The runs of a block are dynamic, and kept for nobody else either.
          if (v.home == Home::kArena || (v.home == Home::kDynamic && v.kind == VarKind::kStepScopes))
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
      NamingOp(instruction.desc, [&] {
        const DeviceType device = instruction.def->has(kHost) ? DeviceType::kCpu : request_.place.device;
        instruction.kernel = &SelectKernel(*instruction.def, device, kinds);
      });
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

  void MarkWeights() {
    for (Instruction& instruction : plan_->instructions) {
      instruction.weights.assign(instruction.values.size(), 0);
      for (int arg = 0; arg < instruction.inputs; ++arg) {
        if (instruction.values[arg] < 0) continue;
        const Value& value = plan_->values[instruction.values[arg]];
        instruction.weights[arg] = value.home == Home::kExternal && blocks_.IsWeight(value.name);
      }
    }
  }

  // Marks what depends on values computed in the run: such shapes are inferred at the instruction's turn.
  void MarkDynamic() {
    std::vector<bool> tainted(plan_->values.size(), false);
    for (size_t value = 0; value < tainted.size(); ++value)
      tainted[value] = block_written_.contains(plan_->values[value].name);
    const std::vector<bool> by_block = tainted;
    for (auto& instruction : plan_->instructions) {
      bool at_turn = instruction.block != nullptr;
      for (size_t arg = instruction.inputs; arg < instruction.values.size(); ++arg)
        if (instruction.values[arg] >= 0 && by_block[instruction.values[arg]]) at_turn = true;
      for (size_t slot = 0; slot < instruction.def->inputs.size(); ++slot)
        for (int arg = instruction.begin[slot]; arg < instruction.begin[slot + 1]; ++arg) {
          const int value = instruction.values[arg];
          if (value >= 0 && (tainted[value] || instruction.def->inputs[slot].has(kValue) ||
                             plan_->values[value].kind == VarKind::kTensorArray))
            at_turn = true;
        }
      instruction.infer_at_turn = at_turn;
      instruction.dynamic.assign(instruction.values.size(), false);
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
      else if (v.home == Home::kDynamic || v.home == Home::kFeed)
        plan_->release_at_end.push_back(static_cast<int>(value));
    }
  }

  std::shared_ptr<ProgramDesc> program_;
  BlockDesc& block_;
  const PlanRequest& request_;
  Blocks& blocks_;
  const uint32_t first_op_;
  std::shared_ptr<Plan> plan_;
  std::vector<const OpDesc*> ops_;
  std::vector<const OpDef*> defs_;
  std::vector<OuterUse> outer_use_;
  std::vector<bool> effect_;
  NameSet block_written_;
  std::vector<bool> keep_;
  std::map<int, int> copies_;                     // of a value on the other side
  std::vector<std::pair<int, int>> to_copy_out_;  // by the instruction at hand: made on the wrong side, goes to
  std::map<std::string, int, std::less<>> current_;
  std::map<std::string, int, std::less<>> externals_;
};

}  // namespace

std::shared_ptr<const Plan> BuildPlan(const ProgramDesc& program, const PlanRequest& request) {
  VerifyNesting(program);
  auto copy = program.Clone();
  auto passes = RunPasses(copy.get(), request);
  const auto lock = Registry::Get().ReadKernels();
  Blocks blocks(*copy, request.feeds, request.fetches);
  return Builder(copy, 0, request, &blocks).Build(std::move(passes));
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
    if (!IsCommonAttr(name)) out << "\n    attribute " << name << " = " << ToShortText(value);
  return std::move(out).str();
}

}  // namespace paddle
