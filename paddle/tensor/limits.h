#pragma once
// Bounds that sizes from programs and files must keep.

#include "paddle/tensor/tensor.h"

namespace paddle {

// Throws InvalidArgument for a tensor beyond 128 TiB: its number of bytes, or the sum of those of a program's tensors,
// might overflow.
inline void CheckBytes(const TensorMeta& meta) {
  const int64_t most = (int64_t{1} << 47) / static_cast<int64_t>(SizeOf(meta.dtype));
  Require(meta.numel() <= most, "a tensor of shape ", meta.dims, " and type ", meta.dtype,
          " does not fit into any memory");
}

}  // namespace paddle
