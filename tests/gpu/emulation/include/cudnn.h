#pragma once
#include "emulated_runtime.h"

using cudnnHandle_t = struct EmulatedCudnn*;
enum cudnnStatus_t { CUDNN_STATUS_SUCCESS };
inline cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return *handle = nullptr, CUDNN_STATUS_SUCCESS; }
inline cudnnStatus_t cudnnSetStream(cudnnHandle_t, cudaStream_t) { return CUDNN_STATUS_SUCCESS; }
inline const char* cudnnGetErrorString(cudnnStatus_t) { return "emulated"; }
