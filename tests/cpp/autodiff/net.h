#pragma once
// Programs of toy ops, written in one line an op.

#include <gtest/gtest.h>

#include "paddle/autodiff/backward.h"
#include "paddle/op/check.h"
#include "paddle/runtime/executor.h"

namespace paddle::toy {

using Lines = std::vector<std::string>;

// A program whose variables are float32[4] unless said otherwise.
struct Net {
  ProgramDesc program;
  int block = 0;

  BlockDesc& at() { return program.block(block); }
  VarDesc& Var(const std::string& name) {
    VarDesc& var = at().Var(name);
    var.set_shape({4});
    return var;
  }
  OpDesc& Op(const std::string& type, const std::vector<OpDesc::Slot>& inputs,
             const std::vector<OpDesc::Slot>& outputs) {
    OpDesc op(type);
    for (const auto& slot : inputs) op.SetInput(slot.name, slot.args);
    for (const auto& slot : outputs) {
      op.SetOutput(slot.name, slot.args);
      for (const auto& name : slot.args)
        if (!at().FindVarRecursive(name)) Var(name);
    }
    if (type == "toy_if") op.SetAttr("sub_block", BlockRef{program.size() - 1});
    op.SetAttr(kOpCallstack, std::vector<std::string>{
                                 StrCat("  File \"net.py\", line ", at().ops().size() + 1, ", in f"), "    " + type});
    CompleteOp(&op);
    OpDesc& placed = at().AppendOp(std::move(op));
    InferOp(placed, at());
    return placed;
  }
  OpDesc& Unary(const std::string& type, const std::string& x, const std::string& out) {
    return Op(type, {{"X", {x}}}, {{"Out", {out}}});
  }
  OpDesc& Mul(const std::string& x, const std::string& y, const std::string& out) {
    return Op("toy_mul", {{"X", {x}}, {"Y", {y}}}, {{"Out", {out}}});
  }
  OpDesc& Add(const std::vector<std::string>& x, const std::string& out) {
    return Op("toy_add", {{"X", x}}, {{"Out", {out}}});
  }

  std::map<std::string, std::string> Backward(BackwardOptions options) {
    options.target_grads.resize(options.targets.size());
    first_ = at().ops().size();
    return AppendBackward(&program, options);
  }
  std::map<std::string, std::string> Backward(const std::string& target) {
    return Backward(BackwardOptions{.targets = {target}});
  }

  // The ops that the last Backward appended, as "type(inputs) -> outputs".
  Lines Added() { return Text(at(), first_); }
  static Lines Text(const BlockDesc& block, size_t from = 0) {
    Lines lines;
    for (size_t k = from; k < block.ops().size(); ++k) {
      const OpDesc& op = block.op(static_cast<int>(k));
      const auto join = [](const std::vector<std::string>& names) {
        std::string text;
        for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
        return text;
      };
      lines.push_back(StrCat(op.type(), '(', join(op.InputNames()), ") -> ", join(op.OutputNames())));
    }
    return lines;
  }

  // Values of variables; every variable in `feeds` holds one number in each of its four elements.
  std::vector<float> Run(const std::map<std::string, float>& feeds, const std::vector<std::string>& fetches) {
    std::vector<Feed> fed;
    for (const auto& [name, value] : feeds) {
      Tensor tensor;
      tensor.Allocate({4}, DType::kFloat32, SystemAllocator());
      std::fill_n(tensor.mutable_data<float>(), 4, value);
      fed.push_back({name, tensor});
    }
    Executor executor;
    Scope scope;
    std::vector<float> values;
    for (const auto& result : executor.Run(program, scope, fed, fetches))
      values.push_back(result.get<Tensor>().data<float>()[0]);
    return values;
  }

 private:
  size_t first_ = 0;
};

}  // namespace paddle::toy
