#include "paddle/op/grad.h"

#include "paddle/op/registry.h"

namespace paddle {

std::vector<std::string> GradContext::OutGrad(std::string_view slot) const {
  std::vector<std::string> names;
  for (const auto& name : forward_.Output(slot)) names.push_back(name == kEmptyName ? name : GradName(name));
  return names;
}

std::vector<std::string> GradContext::InGrad(std::string_view slot, bool drop_empty) const {
  std::vector<std::string> names;
  for (const auto& name : forward_.Input(slot)) {
    const bool wanted = name != kEmptyName && wanted_(name);
    if (wanted) names.push_back(GradName(name));
    else if (!drop_empty) names.emplace_back(kEmptyName);
  }
  return names;
}

OpDesc& GradContext::Emit(std::string_view type) {
  OpDesc& op = out_->emplace_back(std::string(type));
  for (const auto& [name, value] : forward_.attrs())
    if (IsCommonAttr(name) && name != kOpRoleVar) op.SetAttr(name, value);
  return op;
}

OpDesc& GradContext::EmitDefault(std::string_view type) {
  const std::string name = type.empty() ? forward_.type() + "_grad" : std::string(type);
  const OpDef& def = Registry::Get().Find(name);
  OpDesc op(name);
  for (const auto& slot : def.inputs) {
    if (slot.name.ends_with(kGradSuffix)) {
      op.SetInput(slot.name, OutGrad(slot.name.substr(0, slot.name.size() - kGradSuffix.size())));
    } else {
      const auto& from_input = In(slot.name);
      op.SetInput(slot.name, from_input.empty() ? Out(slot.name) : from_input);
    }
  }
  for (const auto& slot : def.outputs)
    op.SetOutput(slot.name, InGrad(slot.name.substr(0, slot.name.size() - kGradSuffix.size()), !slot.has(kRepeated)));
  for (const auto& [attr, value] : forward_.attrs())
    if (attr != kOpRoleVar) op.SetAttr(attr, value);
  return out_->emplace_back(std::move(op));
}

namespace {

std::string Only(const std::vector<std::string>& names) { return names.empty() || names[0] == kEmptyName ? std::string() : names[0]; }

}  // namespace

std::string ExpandContext::In(std::string_view slot) const { return Only(op_.Input(slot)); }
std::string ExpandContext::Out(std::string_view slot) const { return Only(op_.Output(slot)); }

OpDesc& ExpandContext::Append(std::string_view type, const std::vector<OpDesc::Slot>& inputs) {
  OpDesc& op = out_->emplace_back(std::string(type));
  for (const auto& slot : inputs) op.SetInput(slot.name, slot.args);
  for (const auto& [name, value] : op_.attrs())
    if (IsCommonAttr(name) && name != kOpRoleVar) op.SetAttr(name, value);
  return op;
}

}  // namespace paddle
