#include "paddle/runtime/plan_types.h"

#include <optional>

#include "paddle/op/check.h"

namespace paddle {
namespace {

// What the program says of a value that is there before the first instruction. Of other variables than these the
// descriptions in files may be wrong: whoever made them inferred differently, or not at all.
std::optional<TensorMeta> Described(const Value& value, const BlockDesc& block) {
  const auto var = block.FindVarRecursive(value.name);
  if (!var || !var->HasTensor() || !ToDType(var->raw_dtype())) return std::nullopt;
  if (value.home != Home::kFeed && !var->persistable()) return std::nullopt;
  return var->Meta();
}

class TypeFlow {
 public:
  TypeFlow(const Plan& plan, const BlockDesc& block) : plan_(plan), metas_(plan.values.size()) {
    for (size_t i = 0; i < metas_.size(); ++i)
      if (plan.values[i].def < 0) metas_[i] = Described(plan.values[i], block);
  }

  // Sets what is known of the outputs.
  void Pass(const Instruction& instruction) {
    for (const int value : instruction.block_values) metas_[value].reset();  // the block may write it
    std::vector<TensorMeta> made(instruction.values.size());
    std::vector<TensorMeta*> table(instruction.values.size(), nullptr);
    bool known = !instruction.block;
    for (size_t arg = 0; arg < table.size(); ++arg) {
      const int value = instruction.values[arg];
      if (value < 0) continue;
      table[arg] = &made[arg];
      if (static_cast<int>(arg) >= instruction.inputs)
        made[arg].kind = plan_.values[value].kind;
      else if (metas_[value])
        made[arg] = *metas_[value];
      else
        known = false;
    }
    known = known && Infer(instruction, table);
    for (size_t arg = instruction.inputs; arg < table.size(); ++arg) {
      if (!table[arg]) continue;
      // What an array or a row-sparse matrix holds is as the run fills it.
      const bool tensor = made[arg].kind == VarKind::kTensor;
      metas_[instruction.values[arg]] = known && tensor ? std::optional(made[arg]) : std::nullopt;
    }
  }

 private:
  // False when inference fails for another reason than types: sizes may be others when the program runs.
  bool Infer(const Instruction& instruction, const std::vector<TensorMeta*>& table) const {
    try {
      InferContext context(*instruction.def, {table.data(), instruction.begin.data()}, nullptr);
      instruction.def->infer(instruction.attrs.get(), context);
      return true;
    } catch (const TypeMismatch& error) {
      RethrowWithContext(error, DescribeInstruction(instruction, plan_, table.data()));
    } catch (const Error&) {
      return false;
    }
  }

  const Plan& plan_;
  std::vector<std::optional<TensorMeta>> metas_;  // one a value; none: not known
};

}  // namespace

void CheckTypes(const Plan& plan, const BlockDesc& block) {
  TypeFlow flow(plan, block);
  for (const Instruction& instruction : plan.instructions) flow.Pass(instruction);
}

}  // namespace paddle
