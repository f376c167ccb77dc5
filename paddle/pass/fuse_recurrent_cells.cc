#include "paddle/pass/fuse_recurrent_cells.h"

#include <algorithm>
#include <set>

#include "paddle/op/registry.h"
#include "paddle/pass/recurrent_cell/gradient.h"
#include "paddle/pass/recurrent_cell/write.h"

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

// The gradient op reads parameters as they are by then. Gradients of numbers that the cell holds must be of no use.
void CheckParameters(const Cell& cell, const Uses& uses, Loop* loop) {
  const auto used = NamesOf(cell);
  for (const auto& name : used)
    Require(!uses.WrittenIn(name, loop->op, loop->grad_op.value_or(loop->op) + 1), "'", name, "' changes in between");
  std::erase_if(loop->parameters, [&](const Loop::Parameter& parameter) {
    if (used.contains(parameter.name)) return false;
    Require(uses.Only(parameter.grad, {*loop->grad_op}), "the gradient of '", parameter.name,
            "', which is no parameter of a gate, is used");
    return true;
  });
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

Written WriteOrRestore(const Loop& loop, const Cell& cell, ProgramDesc* program) {
  const auto before = program->Save();
  try {
    return Write(loop, cell, &program->block(0));
  } catch (...) {
    program->Restore(*before);
    throw;
  }
}

std::string Fuse(ProgramDesc* program, const Uses& uses, size_t at, DeviceType device) {
  BlockDesc& block = program->block(0);
  const std::string where = Where(block.op(static_cast<int>(at)));
  const bool dynamic = block.op(static_cast<int>(at)).type() == "while";
  Loop loop = dynamic ? ReadDynamicLoop(*program, uses, at) : ReadStaticLoop(*program, uses, at);
  Algebra algebra;
  const Cell cell = Match(loop, Evaluate(*program, uses, loop, &algebra), &algebra);
  CheckParameters(cell, uses, &loop);
  if (loop.grad_op) CheckGradientBlock(*program, loop);
  const std::string type = cell.lstm ? "lstm" : "gru";
  Require(HasKernel(type, device), "op '", type, "' does not run on this device");
  Put(loop, WriteOrRestore(loop, cell, program), &block);
  std::string weights;
  for (const auto& name : NamesOf(cell)) weights += StrCat(weights.empty() ? "'" : ", '", name, "'");
  return StrCat(type, " of ", weights, " runs as one op", where);
}

// Whether a state goes from step to step, as ops of its own say; other loops are not worth a line.
bool HasState(const ProgramDesc& program, const OpDesc& loop) {
  const auto blocks = loop.Blocks();
  return std::any_of(blocks.begin(), blocks.end(), [&](int block) {
    const auto& ops = program.block(block).ops();
    return std::any_of(ops.begin(), ops.end(), [](const auto& op) {
      return op->type() == "shrink_rnn_memory" || op->type() == "rnn_memory_helper";
    });
  });
}

// Removes ops whose outputs nobody uses, such as those that only served loops which are gone: other passes would take
// them for readers.
void DropUnused(ProgramDesc* program, const std::vector<std::string>& outside) {
  BlockDesc& block = program->block(0);
  const Uses uses(*program, outside);
  std::set<size_t> dropped;
  for (size_t at = block.ops().size(); at-- > 0;) {
    const OpDesc& op = *block.ops()[at];
    const auto outputs = op.OutputNames();
    if (outputs.empty() || !op.Blocks().empty() || Registry::Get().Find(op.type()).has(kEffect)) continue;
    std::set<size_t> unseen = dropped;
    unseen.insert(at);
    if (!std::all_of(outputs.begin(), outputs.end(), [&](const auto& name) { return uses.Only(name, unseen); }))
      continue;
    dropped.insert(at);
  }
  for (auto at = dropped.rbegin(); at != dropped.rend(); ++at) block.RemoveOps(*at, *at + 1);
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::vector<std::string> FuseRecurrentCells(ProgramDesc* program, const std::vector<std::string>& outside,
                                            DeviceType device) {
  std::vector<std::string> report;
  bool fused = false;
  const BlockDesc& block = program->block(0);
  std::optional<Uses> uses;
  for (size_t at = block.ops().size(); at-- > 0;) {
    const auto op = block.ops()[at];
    if ((op->type() != "while" && op->type() != "recurrent") || !HasState(*program, *op)) continue;
    try {
      if (!uses) uses.emplace(*program, outside);
      report.insert(report.begin(), StrCat("fuse_recurrent_cells: ", Fuse(program, *uses, at, device)));
      uses.reset();
      fused = true;
    } catch (const std::exception& reason) {
      report.insert(report.begin(),
                    StrCat("fuse_recurrent_cells: the loop stays, ", FirstLine(reason.what()), Where(*op)));
    }
  }
  if (fused) DropUnused(program, outside);
  return report;
}

}  // namespace paddle
