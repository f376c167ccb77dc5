#pragma once
// The shape of an op that takes it as an attribute, as one tensor, or as a list of tensors of one element.

#include "paddle/op/op_def.h"

namespace paddle {

inline std::vector<SlotSpec> ShapeSlots() {
  return {{"ShapeTensor", "The shape as a tensor of integers; wins over the attribute.", kOptional | kValue | kNoGradient},
          {"ShapeTensorList", "The shape as one tensor of one integer a size; wins over the attribute.", kOptional | kRepeated | kValue | kNoGradient}};
}

// ShapeTensor, else ShapeTensorList, else the attribute. Sizes are -1 where a tensor will tell them later.
inline Dims ShapeFromInputs(const InferContext& context, const std::vector<int64_t>& attribute) {
  if (context.Has("ShapeTensor")) {
    if (const auto values = context.Values("ShapeTensor")) return Dims(*values);
    const int64_t rank = context.In("ShapeTensor").numel();
    if (rank < 0) return Dims(attribute);
    return Dims(std::vector<int64_t>(static_cast<size_t>(rank), -1));
  }
  if (context.Count("ShapeTensorList") > 0) {
    Dims dims;
    for (int i = 0; i < context.Count("ShapeTensorList"); ++i) {
      const auto values = context.Values("ShapeTensorList", i);
      dims.Append(values ? values->at(0) : -1);
    }
    return dims;
  }
  return Dims(attribute);
}

// The element type that an int attribute names; throws InvalidArgument unless `allowed` has it.
inline DType DTypeAttr(int32_t value, const DTypeSet& allowed) {
  const auto dtype = ToDType(value);
  Require(dtype && allowed.contains(*dtype), "attribute dtype is ", value, "; expected the number of one of: ", allowed.ToText());
  return *dtype;
}

inline void CheckFillable(const InferContext& context, const Dims& dims) {
  for (const int64_t size : dims)
    Require(size >= 0 || context.building(), "the shape ", dims, " has the negative size ", size);
}

}  // namespace paddle
