#include "paddle/autodiff/backward.h"

#include <algorithm>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "paddle/pass/expand.h"

namespace paddle {
namespace {

using NameSet = std::set<std::string>;

bool IsGradName(std::string_view name) { return name.find(kGradSuffix) != std::string_view::npos; }

class Backward {
 public:
  Backward(ProgramDesc* program, const BackwardOptions& options) : block_(program->block(options.block)), options_(options) {}

  std::map<std::string, std::string> Run() {
    CheckTargets();
    FindPath();
    SeedTargets();
    for (size_t k = path_.size(); k-- > 0;)
      if (path_[k]) Differentiate(*block_.ops()[k]);
    for (const auto& name : order_) Accumulate(name);
    Append();
    return Result();
  }

 private:
  void CheckTargets() {
    Require(!options_.targets.empty(), "gradients need at least one target");
    Require(options_.targets.size() == options_.target_grads.size(), "there must be one target gradient (it may be empty) a target");
    for (const auto& name : options_.targets)
      Require(block_.FindVarRecursive(name) != nullptr, "the target '", name, "' is not a variable of the program");
  }

  // Ops between the inputs asked for and the targets.
  void FindPath() {
    const size_t count = block_.ops().size();
    std::vector<bool> reached(count, options_.inputs.empty());
    if (!options_.inputs.empty()) {
      NameSet from(options_.inputs.begin(), options_.inputs.end());
      for (size_t k = 0; k < count; ++k) {
        const auto inputs = block_.ops()[k]->InputNames();
        reached[k] = std::any_of(inputs.begin(), inputs.end(), [&](const auto& name) { return from.contains(name); });
        if (!reached[k]) continue;
        for (const auto& name : block_.ops()[k]->OutputNames())
          if (!options_.no_grad.contains(name)) from.insert(name);
      }
    }
    NameSet needed(options_.targets.begin(), options_.targets.end());
    path_.assign(count, false);
    for (size_t k = count; k-- > 0;) {
      const OpDesc& op = *block_.ops()[k];
      const auto outputs = op.OutputNames();
      path_[k] = reached[k] && std::any_of(outputs.begin(), outputs.end(), [&](const auto& name) { return needed.contains(name); });
      if (!path_[k]) continue;
      for (const auto& name : op.InputNames())
        if (name != kEmptyName && !options_.no_grad.contains(name)) needed.insert(name);
    }
  }

  void SeedTargets() {
    for (size_t i = 0; i < options_.targets.size(); ++i) {
      const std::string grad = GradName(options_.targets[i]);
      if (!options_.target_grads[i].empty()) {
        given_[grad] = options_.target_grads[i];
        produced_.insert(grad);
        continue;
      }
      const auto target = block_.FindVarRecursive(options_.targets[i]);
      OpDesc fill("fill_constant");
      fill.SetAttr("shape", std::vector<int64_t>{1});
      fill.SetAttr("value", 1.0f);
      fill.SetAttr("dtype", static_cast<int32_t>(target->raw_dtype()));
      fill.SetAttr("force_cpu", false);
      fill.SetAttr(kOpRole, int32_t{kBackward | kLoss});
      fill.SetOutput("Out", {grad});
      Emit(std::move(fill), options_.targets[i]);
    }
  }

  bool Wanted(const OpDesc& op, const OpDef& def, const std::string& name) const {
    if (options_.no_grad.contains(name)) return false;
    for (const auto& slot : def.inputs) {
      if (slot.has(kNoGradient)) continue;
      const auto& args = op.Input(slot.name);
      if (std::find(args.begin(), args.end(), name) != args.end()) return true;
    }
    return false;
  }

  // The gradient ops of one forward op, as its rule writes them.
  std::vector<OpDesc> GradOps(const OpDesc& op) {
    const OpDef& def = Registry::Get().Find(op.type());
    std::vector<OpDesc> ops;
    GradContext context(op, [&](const std::string& name) { return Wanted(op, def, name); }, &ops);
    try {
      if (def.grad) def.grad(def.parse(op).get(), context);
      else if (Registry::Get().FindOrNull(op.type() + "_grad")) context.EmitDefault();
      else if (def.expand) return GradOpsOfExpansion(op);
    } catch (const std::exception& error) {
      RethrowWithContext(error, StrCat("\n  while its gradient was written", DescribeOp(op, &block_)));
    }
    return ops;
  }

  // An op without a gradient of its own is written as simpler ops, in front of the gradient, and those are differentiated.
  std::vector<OpDesc> GradOpsOfExpansion(const OpDesc& op) {
    auto simple = ExpandOp(op, &block_);
    for (auto& made : simple) {
      if (made.OutputNames().empty()) continue;
      Emit(made, {});
    }
    for (size_t k = simple.size(); k-- > 0;) Differentiate(simple[k]);
    return {};
  }

  void Differentiate(const OpDesc& op) {
    const auto outputs = op.OutputNames();
    const bool any = std::any_of(outputs.begin(), outputs.end(), [&](const auto& name) {
      return !options_.no_grad.contains(name) && produced_.contains(GradName(name));
    });
    if (!any) return;
    for (auto& grad : GradOps(op)) {
      const auto results = grad.OutputNames();
      if (std::all_of(results.begin(), results.end(), [](const auto& name) { return name == kEmptyName; })) continue;
      CheckNotOverwritten(op, grad);
      PrepareInputs(op, &grad);
      grad.SetAttr(kOpRole, int32_t{kBackward});
      Emit(std::move(grad), {});
    }
  }

  // The gradient reads what the forward op read or wrote; a later op that wrote the same name has destroyed it.
  void CheckNotOverwritten(const OpDesc& op, const OpDesc& grad) const {
    const OpDef& def = Registry::Get().Find(grad.type());
    const auto& ops = block_.ops();
    const auto at = std::find_if(ops.begin(), ops.end(), [&](const auto& held) { return held.get() == &op; });
    if (at == ops.end()) return;
    for (const auto& slot : def.inputs) {
      if (slot.has(kMetaOnly)) continue;
      for (const auto& name : grad.Input(slot.name))
        for (auto later = at + 1; later != ops.end() && name != kEmptyName && !IsGradName(name); ++later) {
          const auto written = (*later)->OutputNames();
          if (std::find(written.begin(), written.end(), name) == written.end()) continue;
          throw InvalidArgument(StrCat("the gradient of op '", op.type(), "' needs '", name, "' as it was, but op '", (*later)->type(),
                                       "' writes it again; give the later result a name of its own\n  '", op.type(), "' made at ",
                                       op.UserLine(), "\n  '", (*later)->type(), "' made at ", (*later)->UserLine()));
        }
    }
  }

  // Sums what has several contributions, and fills zeros for outputs that nothing used.
  void PrepareInputs(const OpDesc& forward, OpDesc* grad) {
    for (const auto& name : grad->InputNames()) {
      if (!IsGradName(name)) continue;
      for (const auto& output : forward.OutputNames()) {
        if (GradName(output) != name) continue;
        if (!produced_.contains(name) || options_.no_grad.contains(output)) {
          OpDesc zeros("fill_zeros_like");
          zeros.SetInput("X", {output});
          zeros.SetOutput("Out", {name});
          zeros.SetAttr(kOpRole, int32_t{kBackward});
          Emit(std::move(zeros), {});
        }
      }
      Accumulate(name);
      const auto given = given_.find(name);
      if (given != given_.end()) grad->RenameInput(name, given->second);
    }
  }

  // Turns several contributions to `name` into one.
  void Accumulate(const std::string& name) {
    const auto found = contributions_.find(name);
    if (found == contributions_.end() || found->second.size() < 2) return;
    OpDesc sum("sum");
    sum.SetInput("X", found->second);
    sum.SetOutput("Out", {name});
    sum.SetAttr(kOpRole, int32_t{kBackward});
    found->second = {name};
    first_producer_[name] = emitted_.size();
    emitted_.push_back(std::move(sum));
  }

  // Appends an op to the list; outputs that were written before are renamed, to be summed later.
  void Emit(OpDesc op, const std::string&) {
    std::vector<OpDesc::Slot> slots = op.outputs();
    const size_t index = emitted_.size();
    emitted_.push_back(std::move(op));
    for (auto& slot : slots) {
      for (auto& name : slot.args) {
        if (name == kEmptyName || !IsGradName(name)) continue;
        const std::string grad = name;
        auto& parts = contributions_[grad];
        if (parts.empty()) {
          parts = {grad};
          first_producer_[grad] = index;
          if (produced_.insert(grad).second) order_.push_back(grad);
          Place(index, slot.name, slots);
          continue;
        }
        if (parts.size() == 1 && parts[0] == grad) parts[0] = RenameFirst(grad, index, &slots);
        name = NewName(grad);
        parts.push_back(name);
      }
    }
    for (const auto& slot : slots) emitted_[index].SetOutput(slot.name, slot.args);
  }

  void Place(size_t index, const std::string& slot, const std::vector<OpDesc::Slot>& slots) {
    for (const auto& held : slots)
      if (held.name == slot) emitted_[index].SetOutput(slot, held.args);
  }

  std::string NewName(const std::string& grad) {
    return StrCat(grad, "@RENAME@block", block_.index(), '@', renames_[grad]++);
  }

  // The contribution that still has the plain name gets a numbered one, where it is written and where it was read since.
  std::string RenameFirst(const std::string& grad, size_t current, std::vector<OpDesc::Slot>* slots) {
    const std::string renamed = NewName(grad);
    const size_t first = first_producer_[grad];
    for (size_t k = first; k < current; ++k) {
      if (k > first) emitted_[k].RenameInput(grad, renamed);
      if (k == first) emitted_[k].RenameOutput(grad, renamed);
    }
    if (first == current)
      for (auto& slot : *slots)
        for (auto& name : slot.args)
          if (name == grad) {
            name = renamed;
            return renamed;
          }
    return renamed;
  }

  void Append() {
    for (auto& op : emitted_) {
      for (const auto& name : op.OutputNames())
        if (name != kEmptyName && !block_.FindVar(name)) block_.Var(name);
      if (op.type() == "sum") CopyKindOfParts(op);
      CompleteOp(&op);
      OpDesc& placed = block_.AppendOp(op);
      InferOp(placed, block_);
      if (options_.on_op) options_.on_op(placed);
    }
  }

  void CopyKindOfParts(const OpDesc& sum) {
    const auto part = block_.FindVar(sum.Input("X").front());
    block_.FindVar(sum.Output("Out").front())->SetMeta(part->Meta());
  }

  std::map<std::string, std::string> Result() const {
    std::map<std::string, std::string> result;
    for (const auto& grad : produced_) {
      const std::string forward = grad.substr(0, grad.size() - kGradSuffix.size());
      const auto given = given_.find(grad);
      result[forward] = given == given_.end() ? grad : given->second;
    }
    return result;
  }

  BlockDesc& block_;
  const BackwardOptions& options_;
  std::vector<bool> path_;                                          // one an op of the block
  std::vector<OpDesc> emitted_;
  NameSet produced_;                                                // gradients written so far
  std::vector<std::string> order_;                                  // the same, in the order of their first writing
  std::map<std::string, std::string> given_;                        // gradients that the caller provides
  std::map<std::string, std::vector<std::string>> contributions_;   // to be summed
  std::map<std::string, size_t> first_producer_;
  std::map<std::string, int> renames_;
};

}  // namespace

std::map<std::string, std::string> AppendBackward(ProgramDesc* program, const BackwardOptions& options) {
  return Backward(program, options).Run();
}

}  // namespace paddle
