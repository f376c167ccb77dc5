#pragma once
// CUDA's error codes as exceptions.

#include <cuda_runtime_api.h>

namespace paddle {

// Throws ResourceExhausted when memory ran out, Error for anything else than success. `what`: the call, for the text.
void CheckCuda(cudaError_t status, const char* what);

}  // namespace paddle
