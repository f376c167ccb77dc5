#include "paddle/op/check.h"

#include <algorithm>
#include <deque>
#include <map>

#include "paddle/op/registry.h"
#include "paddle/program/short_text.h"

namespace paddle {
namespace {

void CheckSlots(const OpDesc& op, const std::vector<OpDesc::Slot>& given, const std::vector<SlotSpec>& declared,
                const char* what) {
  for (const auto& slot : given) {
    const SlotSpec* spec = nullptr;
    for (const auto& candidate : declared)
      if (candidate.name == slot.name) spec = &candidate;
    if (!spec && slot.args.empty()) continue;
    if (!spec) {
      std::string names;
      for (const auto& candidate : declared) names += (names.empty() ? "" : ", ") + std::string(candidate.name);
      throw InvalidArgument(
          StrCat("op '", op.type(), "' has no ", what, " '", slot.name, "'; it has: ", names.empty() ? "none" : names));
    }
    Require(spec->has(kRepeated) || slot.args.size() <= 1, what, ' ', slot.name, " of op '", op.type(),
            "' takes one variable, got ", slot.args);
  }
}

void CheckRequiredInputs(const OpDesc& op, const OpDef& def) {
  for (const auto& spec : def.inputs) {
    const auto& args = op.Input(spec.name);
    const bool there = !args.empty() && (spec.has(kRepeated) || args[0] != kEmptyName);
    Require(there || spec.has(kOptional), "op '", op.type(), "' needs the input ", spec.name, " (", spec.doc, ")");
  }
}

// Two outputs under one name would be one tensor with two sizes. Blocks write their variables themselves.
void CheckDistinctOutputs(const OpDesc& op, const OpDef& def) {
  if (!def.block.empty()) return;
  std::vector<std::string_view> names;
  for (const auto& slot : op.outputs())
    for (const auto& name : slot.args)
      if (name != kEmptyName && !name.empty()) names.push_back(name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw InvalidArgument(StrCat("op '", op.type(), "' names '", *twice,
                                 "' twice among its outputs; each output needs a variable of its own"));
}

}  // namespace

TypeMismatch::~TypeMismatch() = default;

void CheckOp(const OpDesc& op) {
  const OpDef& def = Registry::Get().Find(op.type());
  CheckSlots(op, op.inputs(), def.inputs, "input");
  CheckSlots(op, op.outputs(), def.outputs, "output");
  CheckRequiredInputs(op, def);
  CheckDistinctOutputs(op, def);
  def.parse(op);
}

void CompleteOp(OpDesc* op) {
  const OpDef& def = Registry::Get().Find(op->type());
  for (const auto& spec : def.attrs) {
    if (const AttrValue* value = op->FindAttr(spec.name)) {
      if (TypeOf(*value) == spec.type) continue;
      try {
        op->SetAttr(spec.name, ConvertAttr(*value, spec.type));
      } catch (const std::exception& error) {
        internal::ThrowAttr(*op, spec.name, error);
      }
    } else if (!spec.required && spec.type != AttrType::kBlock) {
      op->SetAttr(spec.name, spec.default_value);
    }
  }
  if (!op->FindAttr(kOpRole)) op->SetAttr(kOpRole, int32_t{kForward});
  if (!op->FindAttr(kOpRoleVar)) op->SetAttr(kOpRoleVar, std::vector<std::string>{});
  if (!op->FindAttr(kOpNameScope)) op->SetAttr(kOpNameScope, std::string());
  if (!op->FindAttr(kOpCallstack)) op->SetAttr(kOpCallstack, std::vector<std::string>{});
  if (!op->FindAttr(kOpDevice)) op->SetAttr(kOpDevice, std::string());
  CheckOp(*op);
}

ArgNames ListArgs(const OpDef& def, const OpDesc& op) {
  ArgNames list;
  list.begin.push_back(0);
  const auto add = [&](const SlotSpec& spec, const std::vector<std::string>& args) {
    // A single argument that is @EMPTY@ is the same as none; in a repeated slot it keeps its place.
    if (spec.has(kRepeated) || (!args.empty() && args[0] != kEmptyName))
      list.names.insert(list.names.end(), args.begin(), args.end());
    Require(list.names.size() < UINT16_MAX, "op '", op.type(), "' has too many arguments");
    list.begin.push_back(static_cast<uint16_t>(list.names.size()));
  };
  for (const auto& spec : def.inputs) add(spec, op.Input(spec.name));
  for (const auto& spec : def.outputs) add(spec, op.Output(spec.name));
  return list;
}

void InferOp(const OpDesc& op, const BlockDesc& block) {
  const OpDef& def = Registry::Get().Find(op.type());
  try {
    CheckOp(op);
    const auto attrs = def.parse(op);
    const ArgNames args = ListArgs(def, op);
    const size_t inputs = args.begin[def.inputs.size()];
    std::deque<TensorMeta> storage;
    std::vector<TensorMeta*> metas;
    std::vector<std::pair<VarDesc*, TensorMeta*>> outputs;
    for (size_t i = 0; i < args.names.size(); ++i) {
      metas.push_back(nullptr);
      if (args.names[i] == kEmptyName) continue;
      const auto var = block.FindVarRecursive(args.names[i]);
      Require(var != nullptr, i < inputs ? "input" : "output", " variable '", args.names[i],
              "' is not defined in block ", block.index(), " or around it");
      metas.back() = &storage.emplace_back(var->Meta());
      if (i >= inputs) outputs.emplace_back(var.get(), metas.back());
    }
    InferContext context(def, {metas.data(), args.begin.data()}, nullptr);
    def.infer(attrs.get(), context);
    for (const auto& [var, meta] : outputs) var->SetMeta(*meta);
  } catch (const std::exception& error) {
    RethrowWithContext(error, DescribeOp(op, &block));
  }
}

std::string DescribeOp(const OpDesc& op, const BlockDesc* block) {
  std::ostringstream out;
  out << "\n  in op '" << op.type() << "'";
  const std::string line = op.UserLine();
  if (!line.empty()) out << "\n  made at " << line;
  const auto print = [&](const char* what, const std::vector<OpDesc::Slot>& slots) {
    for (const auto& slot : slots)
      for (const auto& name : slot.args) {
        out << "\n    " << what << ' ' << slot.name << ": " << name;
        const auto var = block ? block->FindVarRecursive(name) : nullptr;
        if (!var) continue;
        const auto dtype = var->HasTensor() ? ToDType(var->raw_dtype()) : std::nullopt;
        if (dtype) out << "  " << var->Meta();
      }
  };
  print("input", op.inputs());
  print("output", op.outputs());
  for (const auto& [name, value] : op.attrs())
    if (!IsCommonAttr(name)) out << "\n    attribute " << name << " = " << ToShortText(value);
  return std::move(out).str();
}

void RefuseIo(const ProgramDesc& program) {
  for (int i = 0; i < program.size(); ++i)
    for (const auto& op : program.block(i).ops()) {
      const OpDef& def = Registry::Get().Find(op->type());
      Require(!def.has(kIo), "op '", op->type(),
              "' touches files, network or Python, which a loaded model may not do unless allow_io is set",
              DescribeOp(*op, &program.block(i)));
    }
}

}  // namespace paddle
