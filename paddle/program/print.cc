#include "paddle/program/program.h"

namespace paddle {
namespace {

void PrintVar(std::ostream& out, const VarDesc& var) {
  out << "    var " << var.name() << " : " << var.kind();
  if (var.HasTensor()) {
    const auto dtype = ToDType(var.raw_dtype());
    out << ' ' << (dtype ? std::string(NameOf(*dtype)) : StrCat("dtype ", var.raw_dtype())) << var.shape();
    if (var.lod_level()) out << " lod_level " << var.lod_level();
  }
  if (var.persistable()) out << " persistable";
  if (var.stop_gradient()) out << " stop_gradient";
  out << '\n';
}

void PrintSlots(std::ostream& out, const std::vector<OpDesc::Slot>& slots, const BlockDesc* block) {
  bool first = true;
  for (const auto& slot : slots) {
    if (slot.args.empty()) continue;
    out << (first ? "" : ", ") << slot.name << '=';
    first = false;
    for (size_t i = 0; i < slot.args.size(); ++i) {
      out << (i ? " + " : "") << slot.args[i];
      const auto var = block ? block->FindVarRecursive(slot.args[i]) : nullptr;
      if (var && var->HasTensor()) out << Dims(var->shape());
    }
  }
}

}  // namespace

std::string ToText(const OpDesc& op, const BlockDesc* block, bool details) {
  std::ostringstream out;
  PrintSlots(out, op.outputs(), block);
  out << " = " << op.type() << '(';
  PrintSlots(out, op.inputs(), block);
  out << ')';
  bool first = true;
  for (const auto& [name, value] : op.attrs()) {
    if (!details && IsCommonAttr(name)) continue;
    if (name == kOpCallstack) continue;
    out << (first ? " {" : ", ") << name << '=' << ToText(value);
    first = false;
  }
  if (!first) out << '}';
  const std::string line = op.UserLine();
  if (!line.empty()) out << "  # " << line;
  return std::move(out).str();
}

std::string ToText(const ProgramDesc& program, bool details) {
  std::ostringstream out;
  for (int i = 0; i < program.size(); ++i) {
    const BlockDesc& block = program.block(i);
    out << "block " << i;
    if (block.parent_index() >= 0) out << " in block " << block.parent_index();
    out << " {\n";
    for (const auto& var : block.vars()) PrintVar(out, *var);
    for (size_t k = 0; k < block.ops().size(); ++k)
      out << "    [" << k << "] " << ToText(*block.ops()[k], &block, details) << '\n';
    out << "}\n";
  }
  return std::move(out).str();
}

}  // namespace paddle
