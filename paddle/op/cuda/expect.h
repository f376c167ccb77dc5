#pragma once
// What kernels on the GPU expect of the values that they read.

#include <utility>
#include <vector>

#include "paddle/device/cuda/context.h"
#include "paddle/program/program.h"
#include "paddle/program/short_text.h"
#include "paddle/tensor/tensor.h"

namespace paddle::cuda {

// The tensors in the op's input slots, for the text of the exception; null: not there.
using ExpectInputs = std::initializer_list<std::pair<const char*, const Tensor*>>;

// Where a kernel of the op reports a value that is not allowed; describe(index, value) is what the exception says
// first.
template <class Describe>
DeviceReport* Expect(const CudaContext& context, const OpDesc& op, ExpectInputs inputs, const Describe& describe) {
  std::vector<std::pair<const char*, TensorMeta>> metas;
  for (const auto& [slot, tensor] : inputs)
    if (tensor) metas.emplace_back(slot, tensor->meta());
  return context.Expect([describe, metas, &op](int64_t index, int64_t value) {
    std::string text = StrCat(describe(index, value), "\n  in op '", op.type(), '\'');
    const std::string line = op.UserLine();
    if (!line.empty()) text += StrCat("\n  made at ", line);
    for (const auto& [slot, meta] : metas)
      text += StrCat("\n    input ", slot, ": ", op.Input(slot).empty() ? "" : op.Input(slot)[0], "  ", meta);
    for (const auto& [name, attr] : op.attrs())
      if (!IsCommonAttr(name)) text += StrCat("\n    attribute ", name, " = ", ToShortText(attr));
    return text;
  });
}

}  // namespace paddle::cuda
