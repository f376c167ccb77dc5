#pragma once
// cuDNN's recurrent layers (rnn.cc) for the plug-in's own calls; of the rest, what it takes to start.
#include "emulated_runtime.h"

using cudnnHandle_t = struct EmulatedCudnn*;
using cudnnTensorDescriptor_t = struct EmulatedTensor*;
using cudnnDropoutDescriptor_t = struct EmulatedDropout*;
using cudnnRNNDescriptor_t = struct EmulatedRnn*;
using cudnnRNNDataDescriptor_t = struct EmulatedRnnData*;

enum cudnnStatus_t {
  CUDNN_STATUS_SUCCESS = 0,
  CUDNN_STATUS_BAD_PARAM = 2000,
  CUDNN_STATUS_NOT_SUPPORTED = 3000,
  CUDNN_STATUS_NOT_SUPPORTED_PADDING = 3001
};
constexpr int CUDNN_STATUS_CATEGORY(int status) { return status / 1000 * 1000; }
enum cudnnDataType_t { CUDNN_DATA_FLOAT, CUDNN_DATA_DOUBLE };
enum cudnnMathType_t { CUDNN_DEFAULT_MATH = 0, CUDNN_FMA_MATH = 3 };
enum cudnnRNNAlgo_t { CUDNN_RNN_ALGO_STANDARD };
enum cudnnRNNMode_t { CUDNN_LSTM = 2 };
enum cudnnRNNBiasMode_t { CUDNN_RNN_DOUBLE_BIAS = 2 };
enum cudnnDirectionMode_t { CUDNN_UNIDIRECTIONAL, CUDNN_BIDIRECTIONAL };
enum cudnnRNNInputMode_t { CUDNN_LINEAR_INPUT };
enum cudnnRNNDataLayout_t { CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED, CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED };
enum cudnnForwardMode_t { CUDNN_FWD_MODE_INFERENCE, CUDNN_FWD_MODE_TRAINING };
enum cudnnWgradMode_t { CUDNN_WGRAD_MODE_ADD };
enum : uint32_t { CUDNN_RNN_PADDED_IO_DISABLED = 0 };

inline cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return *handle = nullptr, CUDNN_STATUS_SUCCESS; }
inline cudnnStatus_t cudnnSetStream(cudnnHandle_t, cudaStream_t) { return CUDNN_STATUS_SUCCESS; }
inline const char* cudnnGetErrorString(cudnnStatus_t) { return "emulated"; }
void cudnnGetLastErrorString(char* message, size_t max_size);

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t*);
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t);
cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t, cudnnDataType_t, int count, const int* dims,
                                         const int* strides);
cudnnStatus_t cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t*);
cudnnStatus_t cudnnDestroyDropoutDescriptor(cudnnDropoutDescriptor_t);
cudnnStatus_t cudnnSetDropoutDescriptor(cudnnDropoutDescriptor_t, cudnnHandle_t, float dropout, void* states,
                                        size_t states_size, unsigned long long seed);
cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t*);
cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t);
cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t, cudnnRNNAlgo_t, cudnnRNNMode_t, cudnnRNNBiasMode_t,
                                       cudnnDirectionMode_t, cudnnRNNInputMode_t, cudnnDataType_t data,
                                       cudnnDataType_t precision, cudnnMathType_t, int32_t input, int32_t hidden,
                                       int32_t projection, int32_t layers, cudnnDropoutDescriptor_t, uint32_t flags);
cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t*);
cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t);
cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t, cudnnDataType_t, cudnnRNNDataLayout_t, int longest,
                                        int batch, int width, const int* lengths, void* fill);
cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t, cudnnRNNDescriptor_t, size_t* bytes);
cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t, cudnnRNNDescriptor_t, int32_t pseudo_layer, size_t bytes,
                                      const void* weights, int32_t gate, cudnnTensorDescriptor_t matrix_dims,
                                      void** matrix, cudnnTensorDescriptor_t bias_dims, void** bias);
cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t, cudnnRNNDescriptor_t, cudnnForwardMode_t,
                                        cudnnRNNDataDescriptor_t, size_t* work, size_t* reserve);
cudnnStatus_t cudnnRNNForward(cudnnHandle_t, cudnnRNNDescriptor_t, cudnnForwardMode_t, const int32_t* lengths,
                              cudnnRNNDataDescriptor_t, const void* x, cudnnRNNDataDescriptor_t, void* y,
                              cudnnTensorDescriptor_t, const void* hx, void* hy, cudnnTensorDescriptor_t,
                              const void* cx, void* cy, size_t weights_size, const void* weights, size_t work_size,
                              void* work, size_t reserve_size, void* reserve);
cudnnStatus_t cudnnRNNBackwardData_v8(cudnnHandle_t, cudnnRNNDescriptor_t, const int32_t* lengths,
                                      cudnnRNNDataDescriptor_t, const void* y, const void* dy, cudnnRNNDataDescriptor_t,
                                      void* dx, cudnnTensorDescriptor_t, const void* hx, const void* dhy, void* dhx,
                                      cudnnTensorDescriptor_t, const void* cx, const void* dcy, void* dcx,
                                      size_t weights_size, const void* weights, size_t work_size, void* work,
                                      size_t reserve_size, void* reserve);
cudnnStatus_t cudnnRNNBackwardWeights_v8(cudnnHandle_t, cudnnRNNDescriptor_t, cudnnWgradMode_t, const int32_t* lengths,
                                         cudnnRNNDataDescriptor_t, const void* x, cudnnTensorDescriptor_t,
                                         const void* hx, cudnnRNNDataDescriptor_t, const void* y, size_t weights_size,
                                         void* d_weights, size_t work_size, void* work, size_t reserve_size,
                                         void* reserve);
