#pragma once
// What kernels on the GPU expect of the values that they read.

#include "paddle/device/cuda/context.h"
#include "paddle/program/program.h"

namespace paddle::cuda {

// Where a kernel of the op reports an element of `slot` that is not allowed; `wrong` says why, in general words.
inline DeviceReport* Expect(const CudaContext& context, const OpDesc& op, const char* slot, const char* wrong,
                            int64_t low = 0, int64_t high = 0) {
  return context.Expect({slot, wrong, low, high,
                         [](const void* desc) {
                           const auto& op = *static_cast<const OpDesc*>(desc);
                           const std::string line = op.UserLine();
                           return StrCat("\n  in op '", op.type(), '\'', line.empty() ? "" : "\n  made at ", line);
                         },
                         &op});
}

}  // namespace paddle::cuda
