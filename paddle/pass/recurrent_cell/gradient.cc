#include "paddle/pass/recurrent_cell/gradient.h"

#include <algorithm>
#include <map>
#include <set>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "paddle/pass/recurrent_cell/tape.h"

namespace paddle::recurrent_cell {
namespace {

using Names = std::vector<std::string>;

bool Contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The variables whose gradients are asked for.
void AddNamesOf(const Names& variables, const Names& grads, Names* to) {
  for (size_t i = 0; i < std::min(variables.size(), grads.size()); ++i)
    if (grads[i] != kEmptyName && !grads[i].empty()) to->push_back(variables[i]);
}

// Gives equal numbers to what equal ops compute of equal inputs.
using Numbers = std::map<std::string, int>;

class Numbering {
 public:
  explicit Numbering(Numbers* numbers) : numbers_(*numbers) {}

  int Of(const std::string& name) {
    const auto found = current_.find(name);
    return found == current_.end() ? Number(StrCat("variable ", name)) : found->second;
  }

  void Run(OpDesc op) {
    CompleteOp(&op);
    if (op.type() == "sum") return Sum(op);
    std::string text = op.type();
    std::map<std::string, std::string> attrs;
    for (const auto& [name, value] : op.attrs())
      if (!IsCommonAttr(name)) attrs[name] = ToText(value);
    for (const auto& [name, value] : attrs) text += StrCat(" ", name, "=", value);
    for (const auto& spec : Registry::Get().Find(op.type()).inputs) {
      text += StrCat(" ", spec.name, ":");
      for (const auto& name : op.Input(spec.name))
        if (name != kEmptyName) text += StrCat(" ", Of(name));
    }
    // An item is added to what the array holds.
    if (op.type() == "write_to_array") text += StrCat(" of ", Of(op.Output("Out").at(0)));
    for (const auto& slot : op.outputs())
      for (size_t i = 0; i < slot.args.size(); ++i)
        if (slot.args[i] != kEmptyName) current_[slot.args[i]] = Number(StrCat(text, " -> ", slot.name, " ", i));
  }

 private:
  int Number(const std::string& text) {
    return numbers_.emplace(text, static_cast<int>(numbers_.size())).first->second;
  }

  // The parts in any order, and sums of sums.
  void Sum(const OpDesc& op) {
    std::vector<int> parts;
    for (const auto& name : op.Input("X")) {
      const auto inner = sums_.find(Of(name));
      if (inner == sums_.end())
        parts.push_back(Of(name));
      else
        parts.insert(parts.end(), inner->second.begin(), inner->second.end());
    }
    std::sort(parts.begin(), parts.end());
    std::string text = "sum";
    for (const int part : parts) text += StrCat(" ", part);
    const int number = parts.size() == 1 ? parts[0] : Number(text);
    if (parts.size() > 1) sums_[number] = parts;
    current_[op.Output("Out").at(0)] = number;
  }

  Numbers& numbers_;
  std::map<std::string, int> current_;
  std::map<int, std::vector<int>> sums_;
};

// The gradient ops that the body should have.
std::vector<OpDesc> Expected(const ProgramDesc& program, const Loop& loop, const Names& given, const Names& results) {
  const BlockDesc& body = program.block(loop.body);
  int made = 0;
  Tape tape({.wanted = [](const std::string&) { return true; },
             .is_array =
                 [&](const std::string& name) {
                   const auto var = body.FindVarRecursive(name);
                   return var && var->kind() == VarKind::kTensorArray;
                 },
             .name = [&](const std::string& name) { return StrCat(GradName(name), " ", made++); }});
  for (const auto& name : given) tape.Give(name, GradName(name));
  for (size_t k = body.ops().size(); k-- > 0;) tape.Differentiate(*body.ops()[k]);
  for (const auto& name : results) {
    const std::string total = tape.Total(name);
    if (total.empty() || total == GradName(name)) continue;
    OpDesc named("sum");
    named.SetInput("X", {total});
    named.SetOutput("Out", {GradName(name)});
    tape.ops().push_back(std::move(named));
  }
  return std::move(tape.ops());
}

// An op of the gradient block writes variables of the block's own, the results, or steps the loop's counter back.
void CheckWritten(const BlockDesc& grad_block, const OpDesc& op, const OpDesc& loop,
                  const std::set<std::string>& grads) {
  for (const auto& name : op.OutputNames()) {
    const auto own = grad_block.FindVar(name);
    const bool counter = op.type() == "increment" && Contains(loop.Output("Out"), name);
    Require(name == kEmptyName || (own && !own->persistable()) || counter || grads.contains(name),
            "its gradient writes '", name, "'");
  }
}

void Compare(const ProgramDesc& program, const OpDesc& loop, int grad_block, const std::vector<OpDesc>& expected,
             const Names& results) {
  Numbers numbers;
  Numbering wanted(&numbers), got(&numbers);
  std::set<std::string> types = {"sum"};
  for (const OpDesc& op : expected) {
    wanted.Run(op);
    types.insert(op.type());
  }
  std::set<std::string> grads;
  for (const auto& name : results) grads.insert(GradName(name));
  for (const auto& op : program.block(grad_block).ops()) {
    CheckWritten(program.block(grad_block), *op, loop, grads);
    Require(types.contains(op->type()), "op '", op->type(), "' is in its gradient");
    got.Run(*op);
  }
  for (const auto& name : results)
    Require(wanted.Of(GradName(name)) == got.Of(GradName(name)), "the gradient of '", name,
            "' in it is not as differentiation writes it");
}

}  // namespace

void CheckGradientBlock(const ProgramDesc& program, const Loop& loop) {
  const OpDesc& op = *program.block(0).ops()[loop.op];
  const OpDesc& grad = *program.block(0).ops()[*loop.grad_op];
  const int grad_block = grad.AttrOr<BlockRef>("sub_block", {}).index;
  Require(program.block(grad_block).forward_block() == loop.body, "its gradient is that of another block");
  Names given, results;
  if (loop.table.empty()) {
    given = op.Output("outputs");
    for (const auto& state : loop.states) {
      given.push_back(state.after);
      results.push_back(state.before);
    }
    AddNamesOf(op.Input("inputs"), grad.Output("inputs@GRAD"), &results);
    AddNamesOf(op.Input("parameters"), grad.Output("parameters@GRAD"), &results);
  } else {
    for (const auto& name : op.Output("Out"))
      if (Contains(grad.Input("Out@GRAD"), GradName(name))) given.push_back(name);
    Require(given.size() == grad.Input("Out@GRAD").size(), "its gradient takes more than the gradients of its outputs");
    AddNamesOf(grad.Input("X"), grad.Output("X@GRAD"), &results);
  }
  Compare(program, op, grad_block, Expected(program, loop, given, results), results);
}

}  // namespace paddle::recurrent_cell
