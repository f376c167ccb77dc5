#include "paddle/autodiff/backward.h"

#include <algorithm>

#include "paddle/autodiff/block_backward.h"
#include "paddle/op/check.h"
#include "paddle/op/expand.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

class Backward {
 public:
  Backward(ProgramDesc* program, const BackwardOptions& options)
      : program_(*program), block_(program->block(options.block)), options_(options), no_grad_(options.no_grad) {
    for (int i = 0; i < program->size(); ++i)
      for (const auto& var : program->block(i).vars())
        if (var->stop_gradient()) no_grad_.insert(var->name());
  }

  std::map<std::string, std::string> Run() {
    CheckOptions();
    VerifyNesting(program_);
    const auto before = program_.Save();
    try {
      Prepare();
      Append(block_.ops().size());
    } catch (...) {
      program_.Restore(*before);
      throw;
    }
    return result_;
  }

 private:
  void CheckOptions() const {
    Require(!options_.targets.empty(), "gradients need at least one target");
    Require(options_.targets.size() == options_.target_grads.size(), "there are ", options_.targets.size(),
            " targets, but ", options_.target_grads.size(), " target gradients; give one (it may be empty) a target");
    const auto check = [&](const char* what, const std::string& name) {
      Require(block_.FindVarRecursive(name) != nullptr, "the ", what, " '", name, "' is not a variable of block ",
              block_.index(), " or around it");
    };
    for (const auto& name : options_.targets) check("target", name);
    for (const auto& name : options_.inputs) check("input", name);
    for (const auto& name : options_.checkpoints) check("checkpoint", name);
    for (const auto& name : options_.target_grads)
      if (!name.empty()) check("target gradient", name);
  }

  std::vector<bool> Path() const { return FindPath(block_, options_.targets, options_.inputs, no_grad_); }

  // Writes ops without a gradient as simpler ops, and lets random ops repeat themselves.
  void Prepare() {
    path_ = Path();
    for (size_t k = path_.size(); k-- > 0;)
      if (path_[k] && ExpandAt(k)) {
        path_ = Path();
        k = path_.size();  // what it was written as may need the same
      }
    if (!options_.checkpoints.empty() && FixSeeds(&block_, path_)) path_ = Path();
  }

  bool ExpandAt(size_t at) {
    const auto op = block_.ops()[at];
    const OpDef& def = Registry::Get().Find(op->type());
    if (HasGradient(def) || !def.expand) return false;
    auto ops = ExpandOp(*op, &block_);
    block_.RemoveOps(at, at + 1);
    for (size_t k = 0; k < ops.size(); ++k) block_.InsertOp(at + k, std::move(ops[k]));
    return true;
  }

  void Append(size_t begin) {
    BlockBackward backward(block_, block_, no_grad_, &pending_);
    for (size_t i = 0; i < options_.targets.size(); ++i) Start(i, &backward.gradients());
    const size_t started = backward.gradients().ops().size();
    backward.Run(path_, CutIntoSegments(block_, path_, options_.checkpoints));
    AppendOps(&block_, std::move(backward.gradients().ops()), begin + started);
    result_ = backward.gradients().Result();
  }

  // The gradient that everything starts from.
  void Start(size_t i, Gradients* gradients) {
    const std::string& target = options_.targets[i];
    if (!options_.target_grads[i].empty()) return gradients->Give(target, options_.target_grads[i]);
    const auto var = block_.FindVarRecursive(target);
    const bool loss = options_.inputs.empty();
    OpDesc fill("fill_constant");
    fill.SetOutput("Out", {GradName(target)});
    fill.SetAttr("shape", loss ? std::vector<int64_t>{1} : var->shape());
    fill.SetAttr("value", 1.0f);
    fill.SetAttr("dtype", static_cast<int32_t>(var->raw_dtype()));
    fill.SetAttr("force_cpu", false);
    fill.SetAttr(kOpRole, int32_t{loss ? kBackward | kLoss : kBackward});
    if (!loss) {
      OpDesc shape("shape");
      shape.SetInput("Input", {target});
      shape.SetOutput("Out", {target + "_shape"});
      fill.SetInput("ShapeTensor", shape.Output("Out"));
      gradients->Append(std::move(shape), {}, {});
    }
    gradients->Start(target, std::move(fill));
  }

  void AppendOps(BlockDesc* block, std::vector<OpDesc> ops, size_t report_from) {
    for (auto& op : ops) {
      for (const auto& name : op.OutputNames()) {
        if (name != kEmptyName && !block->FindVarRecursive(name)) block->Var(name);
      }
      for (const int sub : op.Blocks()) {
        const auto inner = pending_.extract(sub);
        if (!inner.empty()) AppendOps(&program_.block(sub), std::move(inner.mapped()), 0);
      }
      if (!op.FindAttr(kOpRole)) op.SetAttr(kOpRole, int32_t{kBackward});
      CompleteOp(&op);
      OpDesc& placed = block->AppendOp(std::move(op));
      InferOp(placed, *block);
      if (options_.on_op && (block != &block_ || block->ops().size() > report_from)) options_.on_op(*block, placed);
    }
  }

  ProgramDesc& program_;
  BlockDesc& block_;
  const BackwardOptions& options_;
  std::set<std::string> no_grad_;
  std::vector<bool> path_;
  BlockBackward::Pending pending_;
  std::map<std::string, std::string> result_;
};

}  // namespace

std::map<std::string, std::string> AppendBackward(ProgramDesc* program, const BackwardOptions& options) {
  return Backward(program, options).Run();
}

}  // namespace paddle
