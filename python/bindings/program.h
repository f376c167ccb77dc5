#pragma once
// Python's references into a program. Each keeps the program alive; one to an op or variable that was removed raises
// when used.

#include <memory>

#include "paddle/program/program.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {

using ProgramPtr = std::shared_ptr<ProgramDesc>;

// Blocks live as long as their program.
struct BlockHandle {
  ProgramPtr program;
  BlockDesc* block;
};

class OpHandle {
 public:
  // An op of its own, in no block.
  OpHandle() : own_(std::make_shared<OpDesc>()), op_(own_) {}
  explicit OpHandle(std::shared_ptr<OpDesc> own) : own_(std::move(own)), op_(own_) {}
  OpHandle(const BlockHandle& at, std::shared_ptr<OpDesc> op)
      : program_(at.program), block_(at.block), op_(std::move(op)) {}

  // Throws Error when the op was removed from its block.
  std::shared_ptr<OpDesc> get() const;
  const ProgramPtr& program() const { return program_; }
  BlockDesc* block() const { return block_; }  // null for an op of its own
  bool Same(const OpHandle& other) const { return !op_.owner_before(other.op_) && !other.op_.owner_before(op_); }

 private:
  ProgramPtr program_;
  BlockDesc* block_ = nullptr;
  std::shared_ptr<OpDesc> own_;
  std::weak_ptr<OpDesc> op_;
};

class VarHandle {
 public:
  explicit VarHandle(std::shared_ptr<VarDesc> own) : own_(std::move(own)), var_(own_) {}
  VarHandle(ProgramPtr program, std::shared_ptr<VarDesc> var) : program_(std::move(program)), var_(std::move(var)) {}

  // Throws Error when the variable was removed from its block.
  std::shared_ptr<VarDesc> get() const;
  bool Same(const VarHandle& other) const { return !var_.owner_before(other.var_) && !other.var_.owner_before(var_); }

 private:
  ProgramPtr program_;
  std::shared_ptr<VarDesc> own_;
  std::weak_ptr<VarDesc> var_;
};

// Element type and variable kind share one enumeration in Fluid: core.VarDesc.VarType.
enum class VarType : int {};
VarType ToVarType(const py::handle& value);

}  // namespace paddle::bindings
