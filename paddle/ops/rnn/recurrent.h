#pragma once
// What the kernels of recurrent ops share.

#include <cstddef>

#include "paddle/ops/sequence/sequence.h"

namespace paddle {

// The State of a kernel that needs nothing but temporary memory.
struct Scratched {
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

// Throws unless `slot`, where it is there, is [sequences, width]: a row for each sequence of `input`.
inline void CheckInitialShape(const InferContext& context, std::string_view input, std::string_view slot,
                              int64_t width) {
  if (!context.Has(slot)) return;
  context.CheckRank(slot, 2, 2);
  const Dims& dims = context.In(slot).dims;
  const int64_t sequences = context.building() ? -1 : RequireLod(context, input).last_sequences();
  Require(SizesAgree(dims[0], sequences) && SizesAgree(dims[1], width), "input ", slot, " has shape ", dims,
          "; expected [", sequences, ", ", width, "]: a row for each sequence of ", input);
}

// The same, and of the element type of `input`.
inline void CheckInitialState(const InferContext& context, std::string_view input, std::string_view slot,
                              int64_t width) {
  context.CheckSameDType(input, slot);
  CheckInitialShape(context, input, slot, width);
}

// Throws unless the matrix `slot` has so many columns; `why` goes into the text.
inline void CheckColumns(const InferContext& context, std::string_view slot, int64_t columns, std::string_view why) {
  const Dims& dims = context.In(slot).dims;
  Require(SizesAgree(dims[1], columns), "input ", slot, " has shape ", dims, "; expected ", columns, " columns, ", why);
}

// Describes the gradients that are wanted of these inputs: each is like its input.
inline void SetGradients(InferContext& context, std::initializer_list<std::string_view> inputs) {
  for (const auto slot : inputs)
    if (context.Has(slot)) context.SetOut(StrCat(slot, kGradSuffix), context.In(slot).dims, context.In(slot).dtype);
}

// The elements of an argument that may be absent; null then.
template <class T>
const T* DataOf(const Tensor* tensor) {
  return tensor ? tensor->data<T>() : nullptr;
}
template <class T>
T* DataOf(Tensor* tensor) {
  return tensor ? tensor->mutable_data<T>() : nullptr;
}

}  // namespace paddle
