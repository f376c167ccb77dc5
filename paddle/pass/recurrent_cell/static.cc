// Loops as StaticRNN writes them: the op recurrent, over the first axis of its inputs.
#include <algorithm>

#include "paddle/base/errors.h"
#include "paddle/pass/recurrent_cell/body.h"

namespace paddle::recurrent_cell {
namespace {

using Names = std::vector<std::string>;

class Reader {
 public:
  Reader(const ProgramDesc& program, const Uses& uses, size_t at)
      : program_(program), block_(program.block(0)), uses_(uses), op_(*block_.ops()[at]) {
    loop_.op = at;
    loop_.body = op_.AttrOr<BlockRef>("sub_block", {}).index;
  }

  Loop Read() {
    Require(!op_.AttrOr<bool>("reverse", false), "it goes backwards");
    FindGradOp();
    ReadInputs();
    ReadStates();
    for (const auto& name : op_.Output("outputs")) {
      Require(uses_.Writer(name) == loop_.op && !uses_.UsedIn(name, 0, loop_.op), "'", name, "' is used before");
      loop_.outputs.push_back({name, name, {}});
    }
    for (const auto& op : program_.block(loop_.body).ops()) loop_.compute.push_back(op.get());
    if (loop_.grad_op) ReadGradients(*block_.ops()[*loop_.grad_op]);
    return std::move(loop_);
  }

 private:
  void FindGradOp() {
    const Names& scopes = op_.Output("step_scopes");
    if (scopes.empty()) return;
    for (const size_t user : uses_.Of(scopes[0])) {
      if (user == loop_.op) continue;
      Require(block_.ops()[user]->type() == "recurrent_grad" && !loop_.grad_op && user > loop_.op,
              "other ops use its steps");
      loop_.grad_op = user;
    }
    Require(!uses_.Outside(scopes[0]), "its steps are read outside");
  }

  // What is read must be the same still where the op in place of the gradient op reads it.
  void CheckUnchanged(const std::string& name) const {
    Require(!uses_.WrittenIn(name, loop_.op, loop_.grad_op.value_or(loop_.op) + 1), "'", name, "' changes in between");
  }

  void ReadInputs() {
    for (const auto& name : op_.Input("inputs")) {
      const auto var = block_.FindVarRecursive(name);
      const auto shape = var && var->kind() == VarKind::kTensor ? var->shape() : std::vector<int64_t>{};
      Require(!shape.empty() && (loop_.inputs.empty() || (shape[0] > 0 && loop_.steps == shape[0])),
              "its inputs may have different numbers of steps");
      loop_.steps = shape[0];
      CheckUnchanged(name);
      loop_.inputs.push_back({name, name, {}});
    }
  }

  void ReadStates() {
    const auto before = op_.AttrOr<Names>("ex_states", {}), after = op_.AttrOr<Names>("states", {});
    const Names& init = op_.Input("initial_states");
    Require(before.size() == init.size() && after.size() == init.size(), "its states have other numbers");
    for (size_t i = 0; i < init.size(); ++i) {
      Loop::State state{init[i], {}, before[i], after[i], {}};
      const size_t made = uses_.LastWriter(init[i], loop_.op);
      if (made < loop_.op && block_.ops()[made]->type() == "fill_constant_batch_size_like")
        state.constant = FilledWith(*block_.ops()[made]);
      else
        CheckUnchanged(init[i]);
      loop_.states.push_back(std::move(state));
    }
  }

  // The names in a slot of gradients, one for each of `count`; empty where there is none.
  Names GradientsIn(const Names& slot, size_t count) const {
    Names names = slot;
    Require(names.empty() || names.size() == count, "its gradient has other arguments");
    names.resize(count);
    for (auto& name : names)
      if (name == kEmptyName) name.clear();
    return names;
  }
  Names ResultsIn(const Names& slot, size_t count) const {
    const Names names = GradientsIn(slot, count);
    for (const auto& name : names)
      Require(name.empty() || !uses_.UsedIn(name, 0, *loop_.grad_op), "'", name, "' is used before");
    return names;
  }

  void ReadGradients(const OpDesc& grad) {
    const Names& parameters = op_.Input("parameters");
    const Names of_outputs = GradientsIn(grad.Input("outputs@GRAD"), loop_.outputs.size());
    const Names of_inputs = ResultsIn(grad.Output("inputs@GRAD"), loop_.inputs.size());
    const Names of_states = ResultsIn(grad.Output("initial_states@GRAD"), loop_.states.size());
    const Names of_parameters = ResultsIn(grad.Output("parameters@GRAD"), parameters.size());
    for (size_t i = 0; i < loop_.outputs.size(); ++i) loop_.outputs[i].grad = of_outputs[i];
    for (size_t i = 0; i < loop_.inputs.size(); ++i) loop_.inputs[i].grad = of_inputs[i];
    for (size_t i = 0; i < loop_.states.size(); ++i) ReadInitGradient(of_states[i], &loop_.states[i]);
    for (size_t i = 0; i < parameters.size(); ++i)
      if (!of_parameters[i].empty()) loop_.parameters.push_back({parameters[i], of_parameters[i]});
  }

  void ReadInitGradient(const std::string& grad, Loop::State* state) {
    if (state->constant)
      Require(grad.empty() || uses_.Only(grad, {*loop_.grad_op}), "the gradient of a constant memory is used");
    else
      state->grad = grad;
  }

  const ProgramDesc& program_;
  const BlockDesc& block_;
  const Uses& uses_;
  const OpDesc& op_;
  Loop loop_;
};

}  // namespace

Loop ReadStaticLoop(const ProgramDesc& program, const Uses& uses, size_t at) {
  return Reader(program, uses, at).Read();
}

}  // namespace paddle::recurrent_cell
