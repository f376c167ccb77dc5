#include "paddle/autodiff/block_backward.h"

#include <algorithm>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Gradients::Names NamesOfGrads(const std::vector<std::string>& variables) {
  Gradients::Names names;
  for (const auto& name : variables)
    if (name != kEmptyName) names[GradName(name)] = name;
  return names;
}

std::set<std::string> Keys(const Gradients::Names& names) {
  std::set<std::string> keys;
  for (const auto& entry : names) keys.insert(entry.first);
  return keys;
}

// Where an op overwrote its input, the gradients of old and new value have one name: ops that write it go behind those
// that read it.
void PutOverwritersLast(const OpDesc& forward, std::vector<OpDesc>* ops) {
  if (ops->size() < 2) return;
  std::set<std::string> shared;
  for (const auto& name : forward.OutputNames())
    if (name != kEmptyName && Contains(forward.InputNames(), name)) shared.insert(GradName(name));
  std::stable_partition(ops->begin(), ops->end(), [&](const OpDesc& op) {
    const auto outputs = op.OutputNames();
    return std::none_of(outputs.begin(), outputs.end(), [&](const auto& name) { return shared.contains(name); });
  });
}

bool IsFloat(const BlockDesc& block, const std::string& name) {
  const auto var = block.FindVarRecursive(name);
  const auto dtype = var && var->HasTensor() ? ToDType(var->raw_dtype()) : std::nullopt;
  return dtype && IsFloating(*dtype);
}

}  // namespace

bool HasGradient(const OpDef& def) { return def.grad || Registry::Get().FindOrNull(std::string(def.name) + "_grad"); }

BlockBackward::BlockBackward(const BlockDesc& forward, const BlockDesc& target, const std::set<std::string>& no_grad,
                             Pending* pending)
    : forward_(forward),
      target_(target),
      no_grad_(no_grad),
      pending_(pending),
      gradients_(target, forward.index()),
      writers_(forward, target) {
  gradients_.on_rename = [this](OpDesc* op, const std::string& from, const std::string& to) {
    RenameInBlocks(op, from, to);
  };
}

// A gradient that a gradient block takes from around it has another name.
void BlockBackward::RenameInBlocks(OpDesc* op, const std::string& from, const std::string& to) {
  for (const int sub : op->Blocks()) {
    const auto found = pending_->find(sub);
    if (found == pending_->end() || forward_.program().block(sub).FindVar(from)) continue;
    for (OpDesc& inner : found->second) {
      inner.RenameInput(from, to);
      inner.RenameOutput(from, to);
      RenameInBlocks(&inner, from, to);
    }
  }
  if (const auto* names = op->FindAttr(kOriginalOutputGrad)) {
    auto list = std::get<std::vector<std::string>>(*names);
    std::replace(list.begin(), list.end(), from, to);
    op->SetAttr(kOriginalOutputGrad, list);
  }
}

void BlockBackward::Run(const std::vector<bool>& path, std::vector<Segment> segments) {
  size_t next = 0;
  const Segment* segment = nullptr;
  for (size_t k = path.size(); k-- > 0;) {
    if (next < segments.size() && k + 1 == segments[next].end) {
      segment = &segments[next++];
      StartSegment(*segment);
    }
    const size_t begin = gradients_.ops().size();
    const auto op = forward_.ops()[k];
    restored_.clear();
    if (path[k]) Differentiate(k, segment);
    for (const auto& name : op->OutputNames())
      if (Overwrites(*op, name, forward_) && !restored_.contains(name)) gradients_.Forget(name, begin);
  }
  writers_.Finish();
  gradients_.Finish();
}

void BlockBackward::StartSegment(const Segment& segment) {
  for (size_t i = 0; i < segment.ops.size(); ++i) {
    writers_.CheckAgain(segment.sources[i], segment.ops[i]);
    gradients_.Append(segment.ops[i], {}, {});
  }
}

bool BlockBackward::AnyOutputHasGrad(const OpDesc& op) const {
  const auto outputs = op.OutputNames();
  return std::any_of(outputs.begin(), outputs.end(), [&](const auto& name) { return gradients_.Has(name); });
}

void BlockBackward::Differentiate(size_t at, const Segment* segment) {
  const auto op = forward_.ops()[at];
  const OpDef& def = Registry::Get().Find(op->type());
  at_ = at;
  started_.clear();
  try {
    auto grads = GradOps(*op, def);
    PutOverwritersLast(*op, &grads);
    for (auto& grad : grads) AppendGradOp(at, *op, std::move(grad), segment);
  } catch (const std::exception& error) {
    RethrowWithContext(error, StrCat("\n  while its gradient was written", DescribeOp(*op, &forward_)));
  }
}

// The gradient ops of one op, as its rule writes them. Rules are asked even if no gradient comes in: `increment` undoes
// itself.
std::vector<OpDesc> BlockBackward::GradOps(const OpDesc& op, const OpDef& def) {
  std::vector<OpDesc> ops;
  const bool reached = AnyOutputHasGrad(op);
  if (!reached && !def.block.empty()) return ops;
  GradContext context(op, this, &ops);
  if (def.grad)
    def.grad(def.parse(op).get(), context);
  else if (HasGradient(def))
    context.EmitDefault();
  else if (reached)
    CheckNoGradientNeeded(op, def);
  return ops;
}

// An op without a gradient is in order where none could be: between integers, or where inputs are read for their shape
// only.
void BlockBackward::CheckNoGradientNeeded(const OpDesc& op, const OpDef& def) const {
  const auto outputs = op.OutputNames();
  if (std::none_of(outputs.begin(), outputs.end(),
                   [&](const auto& name) { return HasGrad(name) && IsFloat(forward_, name); }))
    return;
  for (const auto& slot : def.inputs) {
    if (slot.has(kNoGradient) || slot.has(kMetaOnly)) continue;
    for (const auto& name : op.Input(slot.name))
      if (Wanted(name) && IsFloat(forward_, name))
        throw Unimplemented(StrCat("op '", op.type(), "' has no gradient, but one is to flow from it to '", name,
                                   "'; set stop_gradient of its output if that is not meant"));
  }
}

void BlockBackward::AppendGradOp(size_t at, const OpDesc& op, OpDesc grad, const Segment* segment) {
  auto reads = NamesOfGrads(op.OutputNames());
  for (const auto& name : started_) reads.erase(name);
  const auto writes = NamesOfGrads(op.InputNames());
  const auto inputs = grad.InputNames(), outputs = grad.OutputNames();
  if (std::all_of(outputs.begin(), outputs.end(), [](const auto& name) { return name == kEmptyName; })) return;
  const auto is_grad = [&](const auto& name) { return reads.contains(name); };
  const auto is_there = [&](const auto& name) { return is_grad(name) && gradients_.Has(reads.at(name)); };
  if (std::any_of(inputs.begin(), inputs.end(), is_grad) && std::none_of(inputs.begin(), inputs.end(), is_there))
    return;
  if (Registry::Get().Find(op.type()).block.empty()) writers_.Check(at, grad, Keys(reads));
  if (segment)
    for (const auto& name : inputs)
      if (const auto found = segment->renames.find(name); found != segment->renames.end() && !is_grad(name))
        grad.RenameInput(name, found->second);
  for (const auto& name : outputs) {
    if (writes.contains(name) || !Contains(op.OutputNames(), name)) continue;
    restored_.insert(name);
    writers_.Restore(name, at);
  }
  grad.SetAttr(kOpRole, int32_t{kBackward});
  gradients_.Append(std::move(grad), reads, writes);
}

// What flows into the block: gradients from around it, and those that the gradient op's kernel will put in place.
std::vector<std::string> BlockBackward::GiveTargets(const BlockGradRequest& request, BlockDesc* grad_block,
                                                    BlockBackward* inner) {
  const BlockDesc& block = inner->forward_;
  std::vector<std::string> given;
  for (const auto& name : request.targets) {
    std::string grad;
    if (const auto local = block.FindVar(name)) {
      grad = GradName(name);
      grad_block->Var(grad).SetMeta(local->Meta());
    } else if (gradients_.Has(name)) {
      grad = gradients_.Read(name);
    } else if (Contains(request.carried, name) && Wanted(name) && IsFloat(forward_, name)) {
      grad = GradName(name);
      grad_block->Var(grad).SetMeta(forward_.FindVarRecursive(name)->Meta());
      started_.insert(grad);
    }
    if (!grad.empty()) inner->gradients_.Give(name, grad);
    given.push_back(std::move(grad));
  }
  return given;
}

// The gradient of a variable around the block that came in under the name `given` leaves under the same name. If the
// block wrote over the variable without reading it, that is zero; but who asks, where nothing was written `before`?
void BlockBackward::HandBack(const std::string& target, const std::string& given, bool before) {
  const bool has = gradients_.Has(target);
  const std::string result = has ? gradients_.Read(target) : given;
  if (has ? result == given : !before) return;
  OpDesc op(has ? "assign" : "fill_zeros_like");
  op.SetInput("X", {result});
  op.SetOutput("Out", {given});
  gradients_.Append(std::move(op), {}, {});
}

std::optional<GradBlock> BlockBackward::DifferentiateBlock(const BlockGradRequest& request) {
  ProgramDesc& program = forward_.program();
  const BlockDesc& block = program.block(request.forward.index);
  const int before = program.size();
  BlockDesc& grad_block = program.AppendBlock(target_);
  grad_block.set_forward_block(request.forward.index);
  BlockBackward inner(block, grad_block, no_grad_, pending_);
  GradBlock result{{grad_block.index()}, {}, {}, GiveTargets(request, &grad_block, &inner)};
  inner.Run(std::vector<bool>(block.ops().size(), true), {});
  for (size_t i = 0; i < request.targets.size(); ++i)
    if (!result.given[i].empty() && !block.FindVar(request.targets[i]))
      inner.HandBack(request.targets[i], result.given[i], writers_.WrittenBefore(request.targets[i], at_));
  std::set<std::string> written;
  for (const auto& op : inner.gradients_.ops())
    for (const auto& name : op.OutputNames()) written.insert(name);
  for (const auto& [variable, grad] : inner.gradients_.Result()) {
    if (!written.contains(grad)) continue;
    if (!block.FindVar(variable))
      result.variables.insert(variable);
    else if (Contains(request.own, variable))
      result.own.insert(variable);
    else
      continue;
    // The gradient of what is not a target is this block's own, whatever is around it.
    if (!Contains(request.targets, variable)) grad_block.Var(grad);
  }
  if (result.variables.empty() && result.own.empty()) {
    program.RemoveBlocks(before);
    pending_->erase(pending_->lower_bound(before), pending_->end());
    return std::nullopt;
  }
  (*pending_)[grad_block.index()] = std::move(inner.gradients_.ops());
  return result;
}

}  // namespace paddle
