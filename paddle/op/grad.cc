#include "paddle/op/grad.h"

#include <algorithm>

#include "paddle/op/registry.h"

namespace paddle {

GradEnvironment::~GradEnvironment() = default;

GradContext::GradContext(const OpDesc& forward, GradEnvironment* environment, std::vector<OpDesc>* out)
    : forward_(forward), environment_(environment), out_(out) {}

std::vector<std::string> GradContext::OutGrad(std::string_view slot) const {
  std::vector<std::string> names;
  for (const auto& name : forward_.Output(slot)) names.push_back(name == kEmptyName ? name : GradName(name));
  return names;
}

std::vector<std::string> GradContext::InGrad(std::string_view slot, bool drop_empty) const {
  const OpDef& def = Registry::Get().Find(forward_.type());
  const int declared = def.FindInput(slot);
  const bool differentiable = declared >= 0 && !def.inputs[declared].has(kNoGradient);
  std::vector<std::string> names;
  for (const auto& name : forward_.Input(slot)) {
    const bool wanted = differentiable && name != kEmptyName && environment_->Wanted(name);
    if (wanted)
      names.push_back(GradName(name));
    else if (!drop_empty)
      names.emplace_back(kEmptyName);
  }
  return names;
}

namespace {

std::string_view WithoutGrad(std::string_view slot) {
  return slot.ends_with(kGradSuffix) ? slot.substr(0, slot.size() - kGradSuffix.size()) : slot;
}

}  // namespace

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
  const auto has = [](const std::vector<OpDesc::Slot>& slots, std::string_view slot) {
    return std::any_of(slots.begin(), slots.end(), [&](const auto& held) { return held.name == slot; });
  };
  // A slot that the forward op does not have at all is left out.
  for (const auto& slot : def.inputs) {
    const std::string_view base = WithoutGrad(slot.name);
    if (base != slot.name && has(forward_.outputs(), base))
      op.SetInput(slot.name, OutGrad(base));
    else if (has(forward_.inputs(), slot.name))
      op.SetInput(slot.name, In(slot.name));
    else if (has(forward_.outputs(), slot.name))
      op.SetInput(slot.name, Out(slot.name));
  }
  for (const auto& slot : def.outputs)
    if (const std::string_view base = WithoutGrad(slot.name); has(forward_.inputs(), base))
      op.SetOutput(slot.name, InGrad(base, !slot.has(kRepeated)));
  // Attributes that only the forward op declares stay behind.
  const OpDef& from = Registry::Get().Find(forward_.type());
  for (const auto& [attr, value] : forward_.attrs())
    if (attr != kOpRoleVar && (def.FindAttr(attr) || !from.FindAttr(attr))) op.SetAttr(attr, value);
  return out_->emplace_back(std::move(op));
}

namespace {

std::string Only(const std::vector<std::string>& names) {
  return names.empty() || names[0] == kEmptyName ? std::string() : names[0];
}

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
