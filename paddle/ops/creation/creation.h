#pragma once
// What ops that make tensors from attributes have in common: element types and shapes given as numbers.

#include "paddle/op/registry.h"

namespace paddle {

// The element type with wire number `number`. Throws InvalidArgument when there is none, or it is not in `allowed`.
DType DTypeFromAttr(int64_t number, const DTypeSet& allowed);

// The shape that an attribute gives, or, where they are there, the inputs ShapeTensor (a list of integers) or
// ShapeTensorList (one integer each). While a program is built unknown sizes are -1.
Dims ShapeFromInputs(const InferContext& context, const std::vector<int64_t>& attr);

// The two slots that ShapeFromInputs reads.
inline const SlotSpec kShapeTensorSlot{"ShapeTensor",
                                       "The shape as one tensor of int32 or int64; it goes before `shape`.",
                                       kOptional | kValue | kNoGradient};
inline const SlotSpec kShapeTensorListSlot{"ShapeTensorList",
                                           "The shape as one tensor of one integer an axis; it goes before `shape`.",
                                           kRepeated | kOptional | kValue | kNoGradient};

// The shape of an op that takes one size from an input: `shape` with shape[out_axis] = Input's size at in_axis.
Dims ShapeLikeInput(const InferContext& context, const std::vector<int32_t>& shape, int32_t in_axis, int32_t out_axis);

// A number as an attribute gives it: an integer keeps all its 64 bits.
struct FillValue {
  double real = 0;
  int64_t integer = 0;

  static FillValue Of(double value);
  // A number as text, "inf" and "nan" too. Throws InvalidArgument for anything else.
  static FillValue Parse(const std::string& text);
};

// Every element becomes `value`, converted to the tensor's type.
void Fill(Tensor& out, const FillValue& value);

}  // namespace paddle
