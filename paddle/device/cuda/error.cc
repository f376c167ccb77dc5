#include "paddle/device/cuda/error.h"

#include "paddle/base/errors.h"

namespace paddle {

void CheckCuda(cudaError_t status, const char* what) {
  if (status == cudaSuccess) [[likely]]
    return;
  const std::string text = StrCat(what, " failed: ", cudaGetErrorString(status), " (", cudaGetErrorName(status), ')');
  cudaGetLastError();  // forgotten, unless it stays with the device
  if (status == cudaErrorMemoryAllocation) throw ResourceExhausted(text);
  throw Error(text);
}

}  // namespace paddle
