#pragma once
// Checks and inference of one op of a program while it is being built.

#include "paddle/op/op_def.h"

namespace paddle {

// Throws InvalidArgument unless the slots of `op` exist, required ones are filled, single ones hold one name, no output
// has the name of another, and the attributes are right. Throws Unimplemented for an unknown op.
void CheckOp(const OpDesc& op);

// CheckOp, and writes the defaults of attributes that are not set, in the declared order behind those that are.
void CompleteOp(OpDesc* op);

// Runs the op's inference over the block's variables and writes kind, dtype, shape and LoD level of the outputs.
void InferOp(const OpDesc& op, const BlockDesc& block);

// The error text that every failing op gets: op, user's line, inputs, outputs and attributes as known in `block` (may
// be null).
std::string DescribeOp(const OpDesc& op, const BlockDesc* block);

// Throws InvalidArgument naming the op when any block of the program has one that touches files, network or Python.
void RefuseIo(const ProgramDesc& program);

// What the checks of element types in InferContext throw: an input of a type that the op cannot take.
class TypeMismatch : public InvalidArgument {
 public:
  using InvalidArgument::InvalidArgument;
  ~TypeMismatch() override;
};

// The flat argument table of an op: names in the order of the declared slots.
struct ArgNames {
  std::vector<std::string> names;  // "@EMPTY@" or "" where nothing is
  std::vector<uint16_t> begin;     // one entry a slot and one more
};
ArgNames ListArgs(const OpDef& def, const OpDesc& op);

}  // namespace paddle
