#pragma once
// What kernels on the GPU expect of the values that they read.

#include "paddle/device/cuda/context.h"
#include "paddle/program/program.h"

namespace paddle::cuda {

// Where a kernel of the op reports a value that is not allowed; describe(index, value) is the text of the exception.
template <class Describe>
DeviceReport* Expect(const CudaContext& context, const OpDesc& op, const Describe& describe) {
  return context.Expect([describe, &op](int64_t index, int64_t value) {
    const std::string line = op.UserLine();
    return StrCat(describe(index, value), "\n  in op '", op.type(), '\'', line.empty() ? "" : "\n  made at ", line);
  });
}

}  // namespace paddle::cuda
