#pragma once
// Class labels that kernels on the GPU read.

#include "paddle/math/cuda/launch.h"
#include "paddle/op/cuda/expect.h"

namespace paddle::cuda {

// For labels in [0, classes) or `ignore_index`.
inline DeviceReport* ExpectClass(const CudaContext& context, const OpDesc& op, ExpectInputs inputs, int64_t classes,
                                 int64_t ignore_index) {
  return Expect(context, op, inputs, [=](int64_t index, int64_t label) {
    return StrCat("Label[", index, "] is ", label, "; expected 0 <= label < ", classes,
                  ", or ignore_index = ", ignore_index);
  });
}

// The class that a label names; -1 for `ignore_index` and for what is reported.
__device__ inline int64_t ClassAt(int64_t label, int64_t classes, int64_t ignore_index, int64_t row,
                                  DeviceReport* report) {
  if (label == ignore_index) return -1;
  if (label >= 0 && label < classes) return label;
  Report(report, row, label);
  return -1;
}

}  // namespace paddle::cuda
