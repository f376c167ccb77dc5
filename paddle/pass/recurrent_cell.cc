#include "paddle/pass/recurrent_cell.h"

#include <algorithm>
#include <set>

#include "paddle/base/flags.h"
#include "paddle/op/registry.h"
#include "paddle/pass/recurrent_cell_gradient.h"
#include "paddle/pass/recurrent_cell_write.h"

namespace paddle {
namespace {

using namespace recurrent_cell;

bool HasKernel(std::string_view type, DeviceType device) {
  const auto lock = Registry::Get().ReadKernels();
  const auto& kernels = Registry::Get().Find(type).kernels;
  return std::any_of(kernels.begin(), kernels.end(), [&](const Kernel& kernel) { return kernel.device == device; });
}

std::set<std::string> NamesOf(const Cell& cell) {
  std::set<std::string> names;
  for (const Gate& gate : cell.gates) {
    for (const auto& product : gate.products) names.insert(product.second.name);
    for (const Piece& bias : gate.biases) names.insert(bias.name);
    names.insert(gate.recurrent.name);
  }
  return names;
}

std::string Where(const OpDesc& op) {
  const std::string line = op.UserLine();
  return line.empty() ? std::string() : StrCat(" (", line, ")");
}

// The gradient op reads parameters as they are by then.
void CheckParameters(const Loop& loop, const Cell& cell, const Uses& uses) {
  const auto used = NamesOf(cell);
  for (const auto& name : used)
    Require(!uses.WrittenIn(name, loop.op, loop.grad_op.value_or(loop.op) + 1), "'", name, "' changes in between");
  for (const auto& parameter : loop.parameters)
    Require(used.contains(parameter.name), "it asks for a gradient of '", parameter.name, "', which no gate uses");
}

void Put(const Loop& loop, Written written, BlockDesc* block) {
  std::vector<size_t> places = loop.replaced;
  places.push_back(loop.op);
  if (loop.grad_op) places.push_back(*loop.grad_op);
  std::sort(places.rbegin(), places.rend());
  for (const size_t at : places) {
    block->RemoveOps(at, at + 1);
    if (at != loop.op && at != loop.grad_op) continue;
    auto& ops = at == loop.op ? written.forward : written.backward;
    for (size_t k = 0; k < ops.size(); ++k) block->InsertOp(at + k, std::move(ops[k]));
  }
}

std::string Fuse(ProgramDesc* program, const Uses& uses, size_t at, DeviceType device) {
  BlockDesc& block = program->block(0);
  const std::string where = Where(block.op(static_cast<int>(at)));
  const bool dynamic = block.op(static_cast<int>(at)).type() == "while";
  const Loop loop = dynamic ? ReadDynamicLoop(*program, uses, at) : ReadStaticLoop(*program, uses, at);
  Algebra algebra;
  const Cell cell = Match(loop, Evaluate(*program, loop, &algebra), &algebra);
  CheckParameters(loop, cell, uses);
  if (loop.grad_op) CheckGradientBlock(*program, loop);
  const std::string type = cell.lstm ? "lstm" : "gru";
  Require(HasKernel(type, device), "op '", type, "' does not run on this device");
  Put(loop, Write(loop, cell, &block), &block);
  std::string weights;
  for (const auto& name : NamesOf(cell)) weights += StrCat(weights.empty() ? "'" : ", '", name, "'");
  return StrCat(type, " of ", weights, " runs as one op", where);
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::vector<std::string> FuseRecurrentCells(ProgramDesc* program, const std::vector<std::string>& outside,
                                            DeviceType device) {
  std::vector<std::string> report;
  if (GetFlag("fuse_recurrent_cells") == "0") return report;
  const BlockDesc& block = program->block(0);
  for (size_t at = block.ops().size(); at-- > 0;) {
    if (const std::string& type = block.ops()[at]->type(); type != "while" && type != "recurrent") continue;
    const std::string where = Where(*block.ops()[at]);
    const auto before = program->Save();
    try {
      const Uses uses(*program, outside);
      report.insert(report.begin(), StrCat("recurrent cell: ", Fuse(program, uses, at, device)));
    } catch (const std::exception& reason) {
      program->Restore(*before);
      report.insert(report.begin(), StrCat("recurrent cell: the loop stays, ", FirstLine(reason.what()), where));
    }
  }
  return report;
}

}  // namespace paddle
