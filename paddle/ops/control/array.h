#pragma once
// What the ops over arrays of tensors share.

#include <string_view>

#include "paddle/op/infer.h"
#include "paddle/tensor/variable.h"

namespace paddle {

// A loop that writes more is a mistake; an array of this many tensors takes half a gigabyte without their elements.
constexpr int64_t kMaxArrayItems = int64_t{1} << 22;

// Checks the index of an op: one integer.
void CheckIndex(const InferContext& context, std::string_view input = "I");
// The integer in I; not negative, and below kMaxArrayItems.
int64_t IndexOf(const Tensor& index);

// Checks that an input is an array.
void CheckArray(const InferContext& context, std::string_view input);
// Checks that an input is a rank table.
void CheckRankTable(const InferContext& context);
// Describes an output as an array of tensors like these.
void SetArray(InferContext& context, std::string_view output, const TensorMeta& like, int lod_level);
// Describes an output tensor of which the kernel finds out the sizes: as far as they are known while building, not at
// all when the program runs.
void SetUnknown(InferContext& context, std::string_view output, const Dims& dims, DType dtype, int lod_level,
                int i = 0);

// Item `i` of the array in slot `name`. Throws InvalidArgument when the array has no such item, or it was never
// written.
const Tensor& ItemOf(const TensorArray& array, int64_t i, std::string_view name);

// Bytes, sizes, element type and LoD; memory of `to` that is large enough is kept.
void CopyTensor(const Tensor& from, Allocator& allocator, Tensor* to);
// Items that `from` never wrote are empty in `to`.
void CopyArray(const TensorArray& from, Allocator& allocator, TensorArray* to);
// Adds a contribution to a gradient. Throws InvalidArgument unless sizes and element types are the same.
void AddGradient(const Tensor& part, Tensor* total);
// Zeros of the sizes, element type and LoD of `like`.
void ZerosLike(const TensorMeta& like, Allocator& allocator, Tensor* to);

}  // namespace paddle
