#include "paddle/pass/recurrent_cell/tape.h"

#include <algorithm>

#include "paddle/op/registry.h"

namespace paddle {

void Tape::Differentiate(const OpDesc& op) {
  const OpDef& def = Registry::Get().Find(op.type());
  std::vector<OpDesc> grads;
  GradContext context(op, this, &grads);
  if (def.grad)
    def.grad(def.parse(op).get(), context);
  else if (Registry::Get().FindOrNull(op.type() + "_grad"))
    context.EmitDefault();
  for (auto& grad : grads) Append(op, std::move(grad));
}

void Tape::Append(const OpDesc& forward, OpDesc grad) {
  const auto outputs = grad.OutputNames();
  if (std::all_of(outputs.begin(), outputs.end(), [](const auto& name) { return name == kEmptyName; })) return;
  std::map<std::string, std::string> read, written;  // from NAME@GRAD to NAME
  for (const auto& name : forward.OutputNames()) read[GradName(name)] = name;
  for (const auto& name : forward.InputNames()) written[GradName(name)] = name;
  bool any = false, there = false;
  for (const auto& name : grad.InputNames())
    if (const auto found = read.find(name); found != read.end()) {
      any = true;
      there |= HasGrad(found->second);
    }
  if (any && !there) return;
  for (auto slot : std::vector<OpDesc::Slot>(grad.inputs())) {
    for (auto& name : slot.args) {
      const auto found = read.find(name);
      if (found == read.end() || options_.is_array(found->second)) continue;
      name = Total(found->second);
      if (!name.empty()) continue;
      OpDesc zeros("fill_zeros_like");
      zeros.SetInput("X", {found->second});
      zeros.SetOutput("Out", {name = options_.name(found->second)});
      Give(found->second, name);
      ops_.push_back(std::move(zeros));
    }
    grad.SetInput(slot.name, std::move(slot.args));
  }
  for (auto slot : std::vector<OpDesc::Slot>(grad.outputs())) {
    for (auto& name : slot.args) {
      const auto found = written.find(name);
      if (found == written.end() || options_.is_array(found->second)) continue;
      name = options_.name(found->second);
      Give(found->second, name);
    }
    grad.SetOutput(slot.name, std::move(slot.args));
  }
  ops_.push_back(std::move(grad));
}

std::string Tape::Total(const std::string& variable) {
  const auto found = parts_.find(variable);
  if (found == parts_.end()) return {};
  if (found->second.size() > 1) {
    OpDesc sum("sum");
    sum.SetInput("X", found->second);
    sum.SetOutput("Out", {options_.name(variable)});
    found->second = sum.Output("Out");
    ops_.push_back(std::move(sum));
  }
  return found->second[0];
}

}  // namespace paddle
