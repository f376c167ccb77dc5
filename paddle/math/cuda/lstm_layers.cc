#include "paddle/math/cuda/lstm_layers.h"

#include <limits>
#include <vector>

#include "paddle/math/cuda/align.h"
#include "paddle/math/cuda/cudnn_descriptor.h"
#include "paddle/math/cuda/upload.h"

namespace paddle::cuda {
namespace {

using RnnDescriptor = Descriptor<cudnnRNNDescriptor_t, cudnnCreateRNNDescriptor, cudnnDestroyRNNDescriptor>;
using RnnDataDescriptor =
    Descriptor<cudnnRNNDataDescriptor_t, cudnnCreateRNNDataDescriptor, cudnnDestroyRNNDataDescriptor>;
using DropoutDescriptor =
    Descriptor<cudnnDropoutDescriptor_t, cudnnCreateDropoutDescriptor, cudnnDestroyDropoutDescriptor>;

int Int(int64_t size, const char* what) {
  if (size > std::numeric_limits<int>::max()) throw Unimplemented(StrCat("cuDNN cannot do ", size, " ", what));
  return static_cast<int>(size);
}

// Throws unless cuDNN has a part of the parameters where `wanted` elements stand before it.
void CheckPlace(const void* base, const void* found, int64_t wanted, size_t element, const char* what, int64_t layer,
                int gate) {
  const int64_t offset = static_cast<const std::byte*>(found) - static_cast<const std::byte*>(base);
  if (!found || offset != wanted * static_cast<int64_t>(element))
    throw Error(StrCat("cuDNN has ", what, ' ', gate, " of pseudo-layer ", layer, " at byte ", offset,
                       " of the parameters; expected ", wanted * static_cast<int64_t>(element)));
}

}  // namespace

struct LstmLayers::Impl {
  CudnnLstmWeights weights;
  int64_t steps, batch;
  DType dtype;
  cudnnDataType_t type;
  cudnnForwardMode_t mode;

  RnnDescriptor rnn;
  RnnDataDescriptor input, output;
  TensorDescriptor states;
  DropoutDescriptor dropout;
  BufferPtr lengths;  // of the sequences, on the GPU
  size_t workspace = 0, reserve = 0;
  mutable bool places_checked = false;

  Impl(const CudaContext& context, DType data_type, const LstmLayersShape& shape, bool training)
      : weights(shape.weights),
        steps(shape.steps),
        batch(shape.batch),
        dtype(data_type),
        type(data_type == DType::kFloat64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT),
        mode(training ? CUDNN_FWD_MODE_TRAINING : CUDNN_FWD_MODE_INFERENCE) {
    if (dtype != DType::kFloat32 && dtype != DType::kFloat64) ThrowDType(dtype, "float32 or float64");
    DescribeLayers(context);
    DescribeData(context);
    CheckSize(context);
    CheckCudnn(cudnnGetRNNTempSpaceSizes(context.cudnn(), rnn.get(), mode, input.get(), &workspace, &reserve),
               "cudnnGetRNNTempSpaceSizes");
  }

  size_t weights_bytes() const { return static_cast<size_t>(weights.size()) * SizeOf(dtype); }

  void DescribeLayers(const CudaContext& context) {
    dropout.Make(), rnn.Make();
    CheckCudnn(cudnnSetDropoutDescriptor(dropout.get(), context.cudnn(), 0, nullptr, 0, 0), "dropping nothing");
    const int hidden = Int(weights.hidden, "units");
    CheckCudnn(cudnnSetRNNDescriptor_v8(
                   rnn.get(), CUDNN_RNN_ALGO_STANDARD, CUDNN_LSTM, CUDNN_RNN_DOUBLE_BIAS,
                   weights.directions == 2 ? CUDNN_BIDIRECTIONAL : CUDNN_UNIDIRECTIONAL, CUDNN_LINEAR_INPUT, type, type,
                   dtype == DType::kFloat32 ? CUDNN_FMA_MATH : CUDNN_DEFAULT_MATH,  // no TF32; double has no other
                   Int(weights.input, "columns"), hidden, hidden, Int(weights.layers, "layers"), dropout.get(),
                   CUDNN_RNN_PADDED_IO_DISABLED),
               "describing the layers");
  }

  // Sequences of one length are packed, as they stand step by step.
  void DescribeData(const CudaContext& context) {
    const int longest = Int(steps, "steps"), sequences = Int(batch, "sequences");
    const std::vector<int> all(static_cast<size_t>(batch), longest);
    const auto describe = [&](RnnDataDescriptor& data, int64_t width, const char* what) {
      data.Make();
      CheckCudnn(cudnnSetRNNDataDescriptor(data.get(), type, CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED, longest, sequences,
                                           Int(width, "columns"), all.data(), nullptr),
                 what);
    };
    describe(input, weights.input, "describing the input");
    describe(output, weights.directions * weights.hidden, "describing the output");
    states.Make();
    const int h = static_cast<int>(weights.hidden), dims[] = {Int(weights.pseudo_layers(), "layers"), sequences, h},
              strides[] = {Int(batch * weights.hidden, "elements of a state"), h, 1};
    CheckCudnn(cudnnSetTensorNdDescriptor(states.get(), type, 3, dims, strides), "describing the states");
    lengths = Upload(context, std::span<const int>(all));
  }

  void CheckSize(const CudaContext& context) const {
    size_t bytes = 0;
    CheckCudnn(cudnnGetRNNWeightSpaceSize(context.cudnn(), rnn.get(), &bytes), "cudnnGetRNNWeightSpaceSize");
    if (bytes != weights_bytes())
      throw Error(StrCat("cuDNN wants ", bytes, " bytes of parameters for these layers; they have ", weights_bytes()));
  }

  // Throws unless cuDNN has every matrix and bias where CudnnLstmWeights does.
  void CheckPlaces(const CudaContext& context, const void* base) const {
    TensorDescriptor matrix, bias;
    matrix.Make(), bias.Make();
    const int64_t h = weights.hidden;
    for (int64_t p = 0; p < weights.pseudo_layers(); ++p)
      for (int gate = 0; gate < 8; ++gate) {
        void *matrix_at = nullptr, *bias_at = nullptr;
        CheckCudnn(cudnnGetRNNWeightParams(context.cudnn(), rnn.get(), static_cast<int>(p), weights_bytes(), base, gate,
                                           matrix.get(), &matrix_at, bias.get(), &bias_at),
                   "cudnnGetRNNWeightParams");
        const int64_t inside = gate < 4 ? gate * h * weights.width(p) : 4 * h * weights.width(p) + (gate - 4) * h * h;
        CheckPlace(base, matrix_at, weights.matrices(p) + inside, SizeOf(dtype), "matrix", p, gate);
        CheckPlace(base, bias_at, weights.biases(p) + gate * h, SizeOf(dtype), "bias", p, gate);
      }
    places_checked = true;
  }

  const int* device_lengths() const { return reinterpret_cast<const int*>(lengths->data()); }
};

LstmLayers::LstmLayers(const CudaContext& context, DType dtype, const LstmLayersShape& shape, bool training)
    : impl_(std::make_shared<Impl>(context, dtype, shape, training)) {}

size_t LstmLayers::scratch_bytes() const { return WithAlignment(impl_->workspace); }
size_t LstmLayers::reserve_bytes() const { return WithAlignment(impl_->reserve); }

template <class T>
void LstmLayers::Run(const CudaContext& context, const LstmLayersArgs<T>& args, T* last_hidden, T* last_cell) const {
  const Impl& o = *impl_;
  if (!o.places_checked) o.CheckPlaces(context, args.weights);
  CheckCudnn(
      cudnnRNNForward(context.cudnn(), o.rnn.get(), o.mode, o.device_lengths(), o.input.get(), args.input,
                      o.output.get(), args.out, o.states.get(), args.initial_hidden, last_hidden, o.states.get(),
                      args.initial_cell, last_cell, o.weights_bytes(), args.weights, o.workspace,
                      AlignedScratch(args.scratch), o.reserve, o.reserve ? AlignedScratch(args.reserve) : nullptr),
      "cudnnRNNForward");
}

template <class T>
void LstmLayers::RunGrad(const CudaContext& context, const LstmLayersArgs<T>& args,
                         const LstmLayersGrads<T>& grads) const {
  const Impl& o = *impl_;
  CheckCudnn(cudnnRNNBackwardData_v8(context.cudnn(), o.rnn.get(), o.device_lengths(), o.output.get(), args.out,
                                     grads.out, o.input.get(), grads.input, o.states.get(), args.initial_hidden,
                                     grads.last_hidden, grads.initial_hidden, o.states.get(), args.initial_cell,
                                     grads.last_cell, grads.initial_cell, o.weights_bytes(), args.weights, o.workspace,
                                     AlignedScratch(args.scratch), o.reserve, AlignedScratch(args.reserve)),
             "cudnnRNNBackwardData_v8");
}

template <class T>
void LstmLayers::AddWeightsGrad(const CudaContext& context, const LstmLayersArgs<T>& args, T* weights_grad) const {
  const Impl& o = *impl_;
  CheckCudnn(cudnnRNNBackwardWeights_v8(context.cudnn(), o.rnn.get(), CUDNN_WGRAD_MODE_ADD, o.device_lengths(),
                                        o.input.get(), args.input, o.states.get(), args.initial_hidden, o.output.get(),
                                        args.out, o.weights_bytes(), weights_grad, o.workspace,
                                        AlignedScratch(args.scratch), o.reserve, AlignedScratch(args.reserve)),
             "cudnnRNNBackwardWeights_v8");
}

template void LstmLayers::Run(const CudaContext&, const LstmLayersArgs<float>&, float*, float*) const;
template void LstmLayers::Run(const CudaContext&, const LstmLayersArgs<double>&, double*, double*) const;
template void LstmLayers::RunGrad(const CudaContext&, const LstmLayersArgs<float>&,
                                  const LstmLayersGrads<float>&) const;
template void LstmLayers::RunGrad(const CudaContext&, const LstmLayersArgs<double>&,
                                  const LstmLayersGrads<double>&) const;
template void LstmLayers::AddWeightsGrad(const CudaContext&, const LstmLayersArgs<float>&, float*) const;
template void LstmLayers::AddWeightsGrad(const CudaContext&, const LstmLayersArgs<double>&, double*) const;

}  // namespace paddle::cuda
