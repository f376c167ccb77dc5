#pragma once
// Arrays of the host copied to fresh memory of the GPU.

#include <span>

#include "paddle/device/cuda/context.h"

namespace paddle::cuda {

// Memory in the stream's order: it may be let go of once the kernels that read it are started.
template <class T>
BufferPtr Upload(const CudaContext& context, std::span<const T> values) {
  BufferPtr buffer = context.allocator().Allocate(values.size_bytes());
  context.CopyFromHost(buffer->data(), reinterpret_cast<const std::byte*>(values.data()), values.size_bytes());
  return buffer;
}

}  // namespace paddle::cuda
