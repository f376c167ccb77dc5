#pragma once
// The instruction that a plan for a device has where a value is made on one side and read on the other.

#include "paddle/op/op_def.h"

namespace paddle {

// Out = X on the other side; of any kind.
const OpDef& CopyDef();
const Kernel& CopyKernel(bool to_host);

}  // namespace paddle
