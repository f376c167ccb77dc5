#pragma once
// Fluid's byte streams of tensors, little endian: what `save` and `save_combine` write.
//
//   Tensor        uint32 0, int32 size of a TensorDesc message, the message, the row-major data
//   LoDTensor     uint32 0, uint64 number of LoD levels, each: uint64 bytes, uint64 offsets; Tensor
//   SelectedRows  uint32 0, uint64 number of rows, int64 rows, int64 height; Tensor
//
// Files are untrusted: each size is checked against what is left before it is used. Readers throw InvalidArgument that
// says what is wrong.

#include "paddle/base/stream.h"
#include "paddle/tensor/variable.h"

namespace paddle {

void WriteTensor(const Tensor& tensor, ByteSink* sink);
void WriteLodTensor(const Tensor& tensor, ByteSink* sink);
void WriteSelectedRows(const SelectedRows& rows, ByteSink* sink);

Tensor ReadTensor(ByteSource* source);
Tensor ReadLodTensor(ByteSource* source);
SelectedRows ReadSelectedRows(ByteSource* source);

// A part of the tensor in the stream: `dims.numel()` elements from element `first` on, as a tensor without LoD.
Tensor ReadPart(ByteSource* source, int64_t first, const Dims& dims);

// The elements as float16, with the same dims and LoD.
Tensor ToFloat16(const Tensor& tensor);

}  // namespace paddle
