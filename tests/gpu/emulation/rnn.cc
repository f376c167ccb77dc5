// cuDNN's LSTM by the CPU's. It asks for what the real one asks for, and for more: the gradients must get what the
// forward pass got and gave.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "paddle/ops/rnn/stacked_lstm.h"
#include "tests/gpu/emulation/include/cudnn.h"

struct EmulatedTensor {
  cudnnDataType_t type;
  std::vector<int> dims, strides;
};
struct EmulatedDropout {
  float dropout = -1;
};
struct EmulatedRnn {
  cudnnDataType_t type;
  paddle::CudnnLstmWeights weights;
};
struct EmulatedRnnData {
  cudnnDataType_t type;
  int longest, batch, width;
};

namespace {

using paddle::CudnnLstmWeights;
using paddle::StackedLstmConfig;

thread_local std::string last_error;

cudnnStatus_t Expect(bool holds, const char* what, cudnnStatus_t otherwise = CUDNN_STATUS_BAD_PARAM) {
  if (!holds) last_error = std::string("expected ") + what;
  return holds ? CUDNN_STATUS_SUCCESS : otherwise;
}

template <class T>
cudnnStatus_t Make(T** made) {
  *made = new T();
  return CUDNN_STATUS_SUCCESS;
}
template <class T>
cudnnStatus_t Destroy(T* made) {
  delete made;
  return CUDNN_STATUS_SUCCESS;
}

size_t SizeOf(cudnnDataType_t type) { return type == CUDNN_DATA_DOUBLE ? 8 : 4; }

// Elements before matrix or bias `gate` of a pseudo-layer, and of all: counted, as cuDNN's reference has them in a row.
struct Places {
  int64_t matrix = -1, bias = -1, size = 0;

  Places(const CudnnLstmWeights& w, int pseudo_layer, int wanted) {
    for (int64_t p = 0; p < w.pseudo_layers(); ++p)
      for (int gate = 0; gate < 8; ++gate) {
        if (p == pseudo_layer && gate == wanted) matrix = size;
        size += w.hidden * (gate >= 4 ? w.hidden : p < w.directions ? w.input : w.directions * w.hidden);
      }
    for (int64_t p = 0; p < w.pseudo_layers(); ++p)
      for (int gate = 0; gate < 8; ++gate, size += w.hidden)
        if (p == pseudo_layer && gate == wanted) bias = size;
  }
};
size_t WeightsBytes(const EmulatedRnn& rnn) { return Places(rnn.weights, 0, 0).size * SizeOf(rnn.type); }

// The reserve space: what the forward pass got and gave, then the gradient of the weights.
struct Reserve {
  enum Stage : int64_t { kForward = 0x6c73746d, kBackward };
  Stage* stage;
  std::byte *x, *y, *weights_grad;
  size_t x_size, y_size, size;

  Reserve(const EmulatedRnn& rnn, const EmulatedRnnData& x_desc, void* memory)
      : stage(static_cast<Stage*>(memory)), x(static_cast<std::byte*>(memory) + 64) {
    const size_t rows = static_cast<size_t>(x_desc.longest) * x_desc.batch * SizeOf(rnn.type);
    x_size = rows * rnn.weights.input;
    y_size = rows * rnn.weights.directions * rnn.weights.hidden;
    y = x + x_size;
    weights_grad = y + y_size;
    size = 64 + x_size + y_size + WeightsBytes(rnn);
  }
};

StackedLstmConfig ConfigOf(const EmulatedRnn& rnn, const EmulatedRnnData& x) {
  return {.weights = rnn.weights, .steps = x.longest, .batch = x.batch};
}
size_t WorkBytes(const EmulatedRnn& rnn, const EmulatedRnnData& x) {
  const auto config = ConfigOf(rnn, x);
  return rnn.type == CUDNN_DATA_DOUBLE ? paddle::StackedLstmScratch<double>(config, true)
                                       : paddle::StackedLstmScratch<float>(config, true);
}
paddle::Lod LodOf(const EmulatedRnnData& x) {
  return paddle::Lod::FromLengths({std::vector<int64_t>(x.batch, x.longest)});
}

// What all three calls get.
struct Call {
  const EmulatedRnn& rnn;
  const int32_t* lengths;
  const EmulatedRnnData &x, &y;
  const EmulatedTensor &h, &c;
  size_t weights_size, work_size;
  void* work;

  cudnnStatus_t Check() const {
    const auto& w = rnn.weights;
    const std::vector<int> dims{static_cast<int>(w.pseudo_layers()), x.batch, static_cast<int>(w.hidden)};
    const std::vector<int> strides{dims[1] * dims[2], dims[2], 1};
    const auto of_type = [&](const auto&... descriptors) { return (... && (descriptors.type == rnn.type)); };
    if (!of_type(x, y, h, c)) return Expect(false, "one type");
    if (x.width != w.input || y.width != w.directions * w.hidden) return Expect(false, "data of the layers' widths");
    if (y.batch != x.batch || y.longest != x.longest) return Expect(false, "as many steps and sequences in y as in x");
    if (h.dims != dims || c.dims != dims || h.strides != strides || c.strides != strides)
      return Expect(false, "states of [layers, sequences, units]");
    if (weights_size != WeightsBytes(rnn)) return Expect(false, "cudnnGetRNNWeightSpaceSize bytes of weights");
    if (!work || work_size < WorkBytes(rnn, x)) return Expect(false, "as much work space as asked for");
    return Expect(lengths && std::all_of(lengths, lengths + x.batch, [&](int32_t n) { return n == x.longest; }),
                  "the lengths of the descriptors on the GPU");
  }
};

template <class F>
void Visit(cudnnDataType_t type, const F& f) {
  type == CUDNN_DATA_DOUBLE ? f.template operator()<double>() : f.template operator()<float>();
}
template <class T>
T* As(void* p) {
  return static_cast<T*>(p);
}
template <class T>
const T* As(const void* p) {
  return static_cast<const T*>(p);
}

}  // namespace

void cudnnGetLastErrorString(char* message, size_t max_size) {
  std::snprintf(message, max_size, "%s", last_error.c_str());
  last_error.clear();
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* made) { return Make(made); }
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t made) { return Destroy(made); }
cudnnStatus_t cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t* made) { return Make(made); }
cudnnStatus_t cudnnDestroyDropoutDescriptor(cudnnDropoutDescriptor_t made) { return Destroy(made); }
cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* made) { return Make(made); }
cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t made) { return Destroy(made); }
cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* made) { return Make(made); }
cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t made) { return Destroy(made); }

cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int count,
                                         const int* dims, const int* strides) {
  *tensor = {type, {dims, dims + count}, {strides, strides + count}};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetDropoutDescriptor(cudnnDropoutDescriptor_t dropout, cudnnHandle_t, float probability, void*,
                                        size_t, unsigned long long) {
  dropout->dropout = probability;
  return Expect(probability == 0, "no dropout: its random numbers are not cuDNN's", CUDNN_STATUS_NOT_SUPPORTED);
}

cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t rnn, cudnnRNNAlgo_t, cudnnRNNMode_t, cudnnRNNBiasMode_t,
                                       cudnnDirectionMode_t direction, cudnnRNNInputMode_t, cudnnDataType_t type,
                                       cudnnDataType_t precision, cudnnMathType_t math, int32_t input, int32_t hidden,
                                       int32_t projection, int32_t layers, cudnnDropoutDescriptor_t dropout, uint32_t) {
  *rnn = {type, {input, hidden, layers, direction == CUDNN_BIDIRECTIONAL ? 2 : 1}};
  if (math != (type == CUDNN_DATA_DOUBLE ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH)) return Expect(false, "full precision");
  return Expect(precision == type && projection == hidden && dropout && dropout->dropout == 0, "the plug-in's layers");
}

cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t data, cudnnDataType_t type,
                                        cudnnRNNDataLayout_t layout, int longest, int batch, int width,
                                        const int* lengths, void*) {
  *data = {type, longest, batch, width};
  if (longest <= 0 || batch <= 0 || width <= 0) return Expect(false, "sizes above 0");
  return Expect(layout == CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED &&
                    std::all_of(lengths, lengths + batch, [&](int n) { return n == longest; }),
                "packed sequences of one length", CUDNN_STATUS_NOT_SUPPORTED_PADDING);
}

cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t, cudnnRNNDescriptor_t rnn, size_t* bytes) {
  *bytes = WeightsBytes(*rnn);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t, cudnnRNNDescriptor_t rnn, int32_t pseudo_layer, size_t,
                                      const void* weights, int32_t gate, cudnnTensorDescriptor_t, void** matrix,
                                      cudnnTensorDescriptor_t, void** bias) {
  const Places places(rnn->weights, pseudo_layer, gate);
  auto* base = static_cast<std::byte*>(const_cast<void*>(weights));
  *matrix = base + places.matrix * SizeOf(rnn->type);
  *bias = base + places.bias * SizeOf(rnn->type);
  return Expect(places.matrix >= 0 && places.bias >= 0, "a pseudo-layer and a gate of the layers");
}

cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t, cudnnRNNDescriptor_t rnn, cudnnForwardMode_t mode,
                                        cudnnRNNDataDescriptor_t x, size_t* work, size_t* reserve) {
  *work = WorkBytes(*rnn, *x);
  *reserve = mode == CUDNN_FWD_MODE_TRAINING ? Reserve(*rnn, *x, nullptr).size : 0;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNForward(cudnnHandle_t, cudnnRNNDescriptor_t rnn, cudnnForwardMode_t mode, const int32_t* lengths,
                              cudnnRNNDataDescriptor_t x_desc, const void* x, cudnnRNNDataDescriptor_t y_desc, void* y,
                              cudnnTensorDescriptor_t h_desc, const void* hx, void* hy, cudnnTensorDescriptor_t c_desc,
                              const void* cx, void* cy, size_t weights_size, const void* weights, size_t work_size,
                              void* work, size_t reserve_size, void* reserve) {
  const EmulatedWork at_work;
  const Call call{*rnn, lengths, *x_desc, *y_desc, *h_desc, *c_desc, weights_size, work_size, work};
  if (const auto status = call.Check()) return status;
  Visit(rnn->type, [&]<class T>() {
    paddle::RunStackedLstm<T>(ConfigOf(*rnn, *x_desc), LodOf(*x_desc),
                              {.input = As<T>(x),
                               .initial_hidden = As<T>(hx),
                               .initial_cell = As<T>(cx),
                               .weights = As<T>(weights),
                               .out = As<T>(y),
                               .last_hidden = As<T>(hy),
                               .last_cell = As<T>(cy),
                               .scratch = As<std::byte>(work)});
  });
  if (mode == CUDNN_FWD_MODE_INFERENCE) return CUDNN_STATUS_SUCCESS;
  const Reserve kept(*rnn, *x_desc, reserve);
  if (!reserve || reserve_size < kept.size) return Expect(false, "as much reserve space as asked for");
  *kept.stage = Reserve::kForward;
  std::memcpy(kept.x, x, kept.x_size);
  std::memcpy(kept.y, y, kept.y_size);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNBackwardData_v8(cudnnHandle_t, cudnnRNNDescriptor_t rnn, const int32_t* lengths,
                                      cudnnRNNDataDescriptor_t y_desc, const void* y, const void* dy,
                                      cudnnRNNDataDescriptor_t x_desc, void* dx, cudnnTensorDescriptor_t h_desc,
                                      const void* hx, const void* dhy, void* dhx, cudnnTensorDescriptor_t c_desc,
                                      const void* cx, const void* dcy, void* dcx, size_t weights_size,
                                      const void* weights, size_t work_size, void* work, size_t reserve_size,
                                      void* reserve) {
  const EmulatedWork at_work;
  const Call call{*rnn, lengths, *x_desc, *y_desc, *h_desc, *c_desc, weights_size, work_size, work};
  if (const auto status = call.Check()) return status;
  const Reserve kept(*rnn, *x_desc, reserve);
  if (!reserve || reserve_size < kept.size || *kept.stage != Reserve::kForward)
    return Expect(false, "the reserve space of a forward pass");
  if (!dx || std::memcmp(y, kept.y, kept.y_size) != 0) return Expect(false, "dx, and y as the forward pass gave it");
  Visit(rnn->type, [&]<class T>() {
    paddle::RunStackedLstmGrad<T>(ConfigOf(*rnn, *x_desc), LodOf(*x_desc),
                                  {.input = As<T>(static_cast<const void*>(kept.x)),
                                   .initial_hidden = As<T>(hx),
                                   .initial_cell = As<T>(cx),
                                   .weights = As<T>(weights),
                                   .out_grad = As<T>(dy),
                                   .last_hidden_grad = As<T>(dhy),
                                   .last_cell_grad = As<T>(dcy),
                                   .input_grad = As<T>(dx),
                                   .initial_hidden_grad = As<T>(dhx),
                                   .initial_cell_grad = As<T>(dcx),
                                   .weights_grad = As<T>(static_cast<void*>(kept.weights_grad)),
                                   .scratch = As<std::byte>(work)});
  });
  *kept.stage = Reserve::kBackward;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNBackwardWeights_v8(cudnnHandle_t, cudnnRNNDescriptor_t rnn, cudnnWgradMode_t,
                                         const int32_t* lengths, cudnnRNNDataDescriptor_t x_desc, const void* x,
                                         cudnnTensorDescriptor_t h_desc, const void*, cudnnRNNDataDescriptor_t y_desc,
                                         const void* y, size_t weights_size, void* d_weights, size_t work_size,
                                         void* work, size_t reserve_size, void* reserve) {
  const EmulatedWork at_work;
  const Call call{*rnn, lengths, *x_desc, *y_desc, *h_desc, *h_desc, weights_size, work_size, work};
  if (const auto status = call.Check()) return status;
  const Reserve kept(*rnn, *x_desc, reserve);
  if (!reserve || reserve_size < kept.size || *kept.stage != Reserve::kBackward)
    return Expect(false, "the reserve space of cudnnRNNBackwardData_v8");
  if (std::memcmp(x, kept.x, kept.x_size) != 0 || std::memcmp(y, kept.y, kept.y_size) != 0)
    return Expect(false, "x and y of the forward pass");
  Visit(rnn->type, [&]<class T>() {
    const T* from = As<T>(static_cast<const void*>(kept.weights_grad));
    T* to = As<T>(d_weights);
    for (int64_t i = 0; i < rnn->weights.size(); ++i) to[i] += from[i];
  });
  return CUDNN_STATUS_SUCCESS;
}
