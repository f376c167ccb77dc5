#include "paddle/op/registry.h"

#include <algorithm>

#include "framework.pb.h"

namespace paddle {

BlockRun::~BlockRun() = default;
BlockRunner::~BlockRunner() = default;

namespace {

int FindSlot(const std::vector<SlotSpec>& slots, std::string_view name) {
  for (size_t i = 0; i < slots.size(); ++i)
    if (slots[i].name == name) return static_cast<int>(i);
  return -1;
}

}  // namespace

int OpDef::FindInput(std::string_view slot) const { return FindSlot(inputs, slot); }
int OpDef::FindOutput(std::string_view slot) const { return FindSlot(outputs, slot); }

const AttrSpec* OpDef::FindAttr(std::string_view attr) const {
  for (const auto& spec : attrs)
    if (spec.name == attr) return &spec;
  return nullptr;
}

Registry& Registry::Get() {
  static auto* registry = new Registry;  // never destroyed: kernels may be looked up while the process ends
  return *registry;
}

OpDef& Registry::Entry(std::string_view type) {
  std::scoped_lock lock(mutex_);
  validated_ = false;
  return ops_[std::string(type)];
}

void Registry::AddKernel(std::string_view op, Kernel kernel) {
  std::unique_lock kernels(kernels_mutex_);
  std::scoped_lock lock(mutex_);
  validated_ = false;
  ops_[std::string(op)].kernels.push_back(std::move(kernel));
}

std::vector<std::string_view> Registry::Types() const {
  Validate();
  std::vector<std::string_view> types;
  for (const auto& entry : ops_) types.push_back(entry.first);
  return types;
}

const OpDef* Registry::FindOrNull(std::string_view type) const {
  Validate();
  const auto found = ops_.find(type);
  return found == ops_.end() ? nullptr : &found->second;
}

const OpDef& Registry::Find(std::string_view type) const {
  if (const OpDef* def = FindOrNull(type)) return *def;
  throw Unimplemented(
      StrCat("there is no op '", type, "' in this version; fluid.core.op_types() lists those that exist"));
}

namespace {

std::string_view KindName(ArgKind kind) {
  switch (kind) {
    case ArgKind::kTensor:
      return "Tensor";
    case ArgKind::kSelectedRows:
      return "SelectedRows";
    case ArgKind::kTensorArray:
      return "TensorArray";
    case ArgKind::kOpaque:
      return "Opaque";
    case ArgKind::kAny:
      return "Variable";
  }
  return "?";
}

std::string Signature(const Kernel& kernel) {
  std::string text;
  for (const auto& arg : kernel.args)
    text += StrCat(text.empty() ? "" : ", ", arg.output ? "" : "const ", KindName(arg.kind),
                   arg.repeated  ? " span"
                   : arg.pointer ? "*"
                                 : "&");
  return text;
}

void ValidateKernel(const OpDef& op, const Kernel& kernel) {
  Ensure(kernel.attrs == op.attrs_type, "a kernel of op '", op.name, "' takes other attributes than the op declares");
  const size_t slots = op.inputs.size() + op.outputs.size();
  Ensure(kernel.args.size() == slots, "a kernel of op '", op.name, "' takes ", kernel.args.size(), " arguments (",
         Signature(kernel), "), but the op has ", slots, " slots");
  for (size_t i = 0; i < slots; ++i) {
    const bool output = i >= op.inputs.size();
    const SlotSpec& slot = output ? op.outputs[i - op.inputs.size()] : op.inputs[i];
    const KernelArg& arg = kernel.args[i];
    Ensure(arg.output == output, "argument ", i, " of a kernel of op '", op.name, "' (", Signature(kernel),
           ") should be ", output ? "written" : "read only", ": slot ", slot.name);
    Ensure(arg.repeated == slot.has(kRepeated), "argument ", i, " of a kernel of op '", op.name, "': slot ", slot.name,
           slot.has(kRepeated) ? " is repeated, take a Span" : " is not repeated");
    Ensure(arg.pointer || !slot.has(kOptional), "argument ", i, " of a kernel of op '", op.name, "': slot ", slot.name,
           " is optional, take a pointer");
  }
}

bool SameKinds(const Kernel& a, const Kernel& b) {
  return a.device == b.device && std::equal(a.args.begin(), a.args.end(), b.args.begin(), b.args.end(),
                                            [](const KernelArg& x, const KernelArg& y) { return x.kind == y.kind; });
}

void ValidateOp(std::string_view name, const OpDef& op) {
  Ensure(op.declared == 1, "op '", name, "' is declared ", op.declared, " times",
         op.declared == 0 ? " but has a kernel" : "");
  Ensure(!op.kernels.empty() || op.expand || op.has(kNoPlan), "op '", name, "' has neither a kernel nor an expansion");
  for (size_t i = 0; i < op.kernels.size(); ++i) {
    ValidateKernel(op, op.kernels[i]);
    for (size_t j = 0; j < i; ++j)
      Ensure(!SameKinds(op.kernels[i], op.kernels[j]), "op '", name, "' has two kernels for ",
             Signature(op.kernels[i]));
  }
  for (const auto* aliases : {&op.must_share, &op.may_share})
    for (const auto& alias : *aliases)
      Ensure(op.FindOutput(alias.output) >= 0 && op.FindInput(alias.input) >= 0, "op '", name, "' lets ", alias.output,
             " share ", alias.input, ", but has no such slots");
}

}  // namespace

void Registry::Validate() const {
  std::scoped_lock lock(mutex_);
  if (validated_) return;
  for (const auto& [name, op] : ops_) ValidateOp(name, op);
  validated_ = true;
}

namespace {

bool Fits(ArgKind wanted, VarKind got) {
  switch (wanted) {
    case ArgKind::kTensor:
      return got == VarKind::kTensor;
    case ArgKind::kSelectedRows:
      return got == VarKind::kSelectedRows;
    case ArgKind::kTensorArray:
      return got == VarKind::kTensorArray;
    case ArgKind::kOpaque:
      return got != VarKind::kTensor && got != VarKind::kSelectedRows && got != VarKind::kTensorArray;
    case ArgKind::kAny:
      return true;
  }
  return false;
}

bool KernelFits(const Kernel& kernel, const std::vector<std::vector<VarKind>>& kinds) {
  for (size_t slot = 0; slot < kinds.size(); ++slot)
    for (const VarKind kind : kinds[slot])
      if (!Fits(kernel.args[slot].kind, kind)) return false;
  return true;
}

}  // namespace

const Kernel& SelectKernel(const OpDef& op, DeviceType device, const std::vector<std::vector<VarKind>>& kinds) {
  bool any_device = false;
  for (const auto& kernel : op.kernels) {
    if (kernel.device != device) continue;
    any_device = true;
    if (KernelFits(kernel, kinds)) return kernel;
  }
  const std::string_view where = device == DeviceType::kCpu ? "CPU" : "CUDA";
  if (!any_device) throw Unimplemented(StrCat("op '", op.name, "' has no ", where, " kernel"));
  std::string got;
  for (const auto& slot : kinds)
    for (const VarKind kind : slot) got += StrCat(got.empty() ? "" : ", ", kind);
  throw Unimplemented(StrCat("op '", op.name, "' has no ", where, " kernel for arguments of the kinds (", got, ")"));
}

std::string SerializeOpProto(const OpDef& op) {
  proto::OpProto message;
  message.set_type(std::string(op.name));
  message.set_comment(std::string(op.doc));
  const auto add = [](const SlotSpec& slot, proto::OpProto::Var* var) {
    var->set_name(std::string(slot.name));
    var->set_comment(std::string(slot.doc));
    var->set_duplicable(slot.has(kRepeated));
    var->set_intermediate(slot.has(kIntermediate));
    var->set_dispensable(slot.has(kOptional));
  };
  for (const auto& slot : op.inputs) add(slot, message.add_inputs());
  for (const auto& slot : op.outputs) add(slot, message.add_outputs());
  for (const auto& spec : op.attrs) {
    auto* attr = message.add_attrs();
    attr->set_name(std::string(spec.name));
    attr->set_type(static_cast<int>(spec.type));
    attr->set_comment(std::string(spec.doc));
    attr->set_generated(false);
  }
  return message.SerializeAsString();
}

namespace internal {

void DefaultInfer(const OpDef& def, InferContext& context) {
  for (const auto& slot : def.outputs) {
    std::string_view name = slot.name;
    if (name.ends_with(kGradSuffix))
      name.remove_suffix(kGradSuffix.size());
    else if (def.FindInput(name) < 0)
      name = def.inputs.at(0).name;
    Ensure(def.FindInput(name) >= 0, "op '", def.name, "' needs its own infer: it has no input '", name, "'");
    for (int i = 0; i < context.OutCount(slot.name); ++i)
      if (context.HasOut(slot.name, i)) context.CopyMeta(name, slot.name, i);
  }
}

}  // namespace internal
}  // namespace paddle
