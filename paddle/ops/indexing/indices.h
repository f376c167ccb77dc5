#pragma once
// What ops have in common that read or write slices of a tensor by number.

#include <cstring>
#include <vector>

#include "paddle/math/slices.h"
#include "paddle/op/registry.h"

namespace paddle {

// The indices as int64, each checked to be in [0, size), the size of `axis` of the tensor in slot `of`.
inline std::vector<int64_t> CheckedIndices(const Tensor& index, std::string_view slot, int64_t size,
                                           std::string_view of, int axis) {
  std::vector<int64_t> values = ToInt64s(index);
  for (size_t i = 0; i < values.size(); ++i)
    Require(values[i] >= 0 && values[i] < size, slot, '[', i, "] is ", values[i], ", but ", of, " has size ", size,
            " along axis ", axis, "; expected 0 <= index < ", size);
  return values;
}

// The tensor as slices along `axis`.
inline math::SliceShape SlicesAlong(const Dims& dims, int axis) {
  return {dims.Product(0, axis), dims[axis], dims.Product(axis + 1, dims.rank())};
}

inline constexpr DTypeSet kAddable{DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64, DType::kUInt8};

// out[o, index[i]] += x[o, i], for the element types of kAddable.
inline void AddSlices(const math::SliceShape& shape, const Tensor& x, std::span<const int64_t> index, Tensor& out) {
  if (out.dtype() == DType::kUInt8)
    return math::AddSlices(shape, x.data<uint8_t>(), index, out.mutable_data<uint8_t>());
  VisitNumber(out.dtype(), [&]<class T>() { math::AddSlices(shape, x.data<T>(), index, out.mutable_data<T>()); });
}

inline void FillZero(Tensor& tensor) {
  if (tensor.bytes()) std::memset(tensor.mutable_raw(), 0, tensor.bytes());
}

// The number of indices in a slot of shape [n] or [n, 1]; -1 while it is not known.
inline int64_t CountIndices(const InferContext& context, std::string_view slot) {
  context.CheckDType(slot, kIndices);
  const Dims& dims = context.In(slot).dims;
  Require(dims.rank() == 1 || (dims.rank() == 2 && SizesAgree(dims[1], 1)), slot, " has shape ", dims,
          "; expected [n] or [n, 1]");
  return dims[0];
}

}  // namespace paddle
