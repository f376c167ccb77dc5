#include "paddle/math/cuda/conv.h"

#include <algorithm>
#include <array>

#include "paddle/base/errors.h"
#include "paddle/math/cuda/align.h"
#include "paddle/math/cuda/conv_arrange.h"
#include "paddle/math/cuda/cudnn_descriptor.h"

namespace paddle::cuda {
namespace {

constexpr size_t kMaxScratch = size_t{512} << 20;
constexpr int kAlgorithms = 8;

// The fastest of those that need no more memory than allowed, give the same bits every time, and do not round inputs.
template <class Performance>
const Performance& Best(const std::array<Performance, kAlgorithms>& found, int count, const char* what) {
  for (int i = 0; i < count; ++i)
    if (found[i].status == CUDNN_STATUS_SUCCESS && found[i].determinism == CUDNN_DETERMINISTIC &&
        found[i].memory <= kMaxScratch &&
        (found[i].mathType == CUDNN_FMA_MATH || found[i].mathType == CUDNN_DEFAULT_MATH))
      return found[i];
  throw Unimplemented(StrCat("cuDNN has no deterministic algorithm for ", what, " of these sizes"));
}

}  // namespace

// cuDNN pads both ends alike and wants the channels first: where Fluid says otherwise, images are arranged in scratch.
struct Convolution::Impl {
  ConvShape shape;
  ConvPass pass;
  DType dtype;
  bool empty = false;
  Arrangement input, output;  // used when `arranged`
  bool arranged = false;
  size_t workspace = 0;

  TensorDescriptor x, y;
  Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor> w;
  Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor> conv;
  int algorithm = 0;

  Impl(const CudaContext& context, DType type, const ConvShape& s, ConvPass p) : shape(s), pass(p), dtype(type) {
    if (type != DType::kFloat32 && type != DType::kFloat64) ThrowDType(type, "float32 or float64");
    empty = s.input_size() == 0 || s.filter_size() == 0 || s.output_size() == 0;
    if (empty) return;
    Describe();
    Choose(context);
  }

  void Describe() {
    const ConvShape& s = shape;
    arranged = s.nhwc || Outputs(s.h, s.pad_top, s.kernel_h, s.stride_h, s.dilation_h) != s.out_h ||
               Outputs(s.w, s.pad_left, s.kernel_w, s.stride_w, s.dilation_w) != s.out_w;
    int64_t h = s.h, w_ = s.w, pad_h = s.pad_top, pad_w = s.pad_left;
    if (arranged) {
      // Just what the windows see, so that the number of windows comes out right.
      h = (s.out_h - 1) * s.stride_h + s.dilation_h * (s.kernel_h - 1) + 1;
      w_ = (s.out_w - 1) * s.stride_w + s.dilation_w * (s.kernel_w - 1) + 1;
      pad_h = pad_w = 0;
      input = {s.n, s.c, s.h, s.w, s.pad_top, s.pad_left, h, w_, s.nhwc};
      output = {s.n, s.filters, s.out_h, s.out_w, 0, 0, s.out_h, s.out_w, s.nhwc};
    }
    const cudnnDataType_t type = dtype == DType::kFloat64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
    const auto i = [](int64_t size) { return static_cast<int>(size); };
    x.Make(), y.Make(), w.Make(), conv.Make();
    CheckCudnn(cudnnSetTensor4dDescriptor(x.get(), CUDNN_TENSOR_NCHW, type, i(s.n), i(s.c), i(h), i(w_)),
               "describing Input");
    CheckCudnn(
        cudnnSetTensor4dDescriptor(y.get(), CUDNN_TENSOR_NCHW, type, i(s.n), i(s.filters), i(s.out_h), i(s.out_w)),
        "describing Output");
    CheckCudnn(cudnnSetFilter4dDescriptor(w.get(), type, CUDNN_TENSOR_NCHW, i(s.filters), i(s.c / s.groups),
                                          i(s.kernel_h), i(s.kernel_w)),
               "describing Filter");
    CheckCudnn(cudnnSetConvolution2dDescriptor(conv.get(), i(pad_h), i(pad_w), i(s.stride_h), i(s.stride_w),
                                               i(s.dilation_h), i(s.dilation_w), CUDNN_CROSS_CORRELATION, type),
               "describing the convolution");
    CheckCudnn(cudnnSetConvolutionGroupCount(conv.get(), i(s.groups)), "setting groups");
    CheckCudnn(cudnnSetConvolutionMathType(conv.get(), CUDNN_FMA_MATH), "setting the precision");  // no TF32
  }

  static int64_t Outputs(int64_t size, int64_t pad, int64_t kernel, int64_t stride, int64_t dilation) {
    return (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
  }

  void Choose(const CudaContext& context) {
    int count = 0;
    switch (pass) {
      case ConvPass::kForward: {
        std::array<cudnnConvolutionFwdAlgoPerf_t, kAlgorithms> found;
        CheckCudnn(cudnnGetConvolutionForwardAlgorithm_v7(context.cudnn(), x.get(), w.get(), conv.get(), y.get(),
                                                          kAlgorithms, &count, found.data()),
                   "choosing a convolution");
        return Take(Best(found, count, "the convolution"));
      }
      case ConvPass::kInputGrad: {
        std::array<cudnnConvolutionBwdDataAlgoPerf_t, kAlgorithms> found;
        CheckCudnn(cudnnGetConvolutionBackwardDataAlgorithm_v7(context.cudnn(), w.get(), y.get(), conv.get(), x.get(),
                                                               kAlgorithms, &count, found.data()),
                   "choosing a convolution");
        return Take(Best(found, count, "the gradient of Input"));
      }
      case ConvPass::kFilterGrad: {
        std::array<cudnnConvolutionBwdFilterAlgoPerf_t, kAlgorithms> found;
        CheckCudnn(cudnnGetConvolutionBackwardFilterAlgorithm_v7(context.cudnn(), x.get(), y.get(), conv.get(), w.get(),
                                                                 kAlgorithms, &count, found.data()),
                   "choosing a convolution");
        return Take(Best(found, count, "the gradient of Filter"));
      }
    }
  }

  template <class Performance>
  void Take(const Performance& best) {
    algorithm = static_cast<int>(best.algo);
    workspace = best.memory;
  }

  size_t scratch_bytes() const {
    if (!arranged) return workspace;
    const size_t element = SizeOf(dtype);
    return AlignUp(workspace) + AlignUp(static_cast<size_t>(input.padded_size()) * element) +
           static_cast<size_t>(output.padded_size()) * element;
  }

  template <class T>
  void Compute(const CudaContext& context, const T* a, const T* b, T* out, std::byte* memory) const {
    const T one = 1, zero = 0;
    switch (pass) {
      case ConvPass::kForward:
        return CheckCudnn(cudnnConvolutionForward(context.cudnn(), &one, x.get(), a, w.get(), b, conv.get(),
                                                  static_cast<cudnnConvolutionFwdAlgo_t>(algorithm), memory, workspace,
                                                  &zero, y.get(), out),
                          "cudnnConvolutionForward");
      case ConvPass::kInputGrad:
        return CheckCudnn(cudnnConvolutionBackwardData(context.cudnn(), &one, w.get(), b, y.get(), a, conv.get(),
                                                       static_cast<cudnnConvolutionBwdDataAlgo_t>(algorithm), memory,
                                                       workspace, &zero, x.get(), out),
                          "cudnnConvolutionBackwardData");
      case ConvPass::kFilterGrad:
        return CheckCudnn(cudnnConvolutionBackwardFilter(context.cudnn(), &one, x.get(), a, y.get(), b, conv.get(),
                                                         static_cast<cudnnConvolutionBwdFilterAlgo_t>(algorithm),
                                                         memory, workspace, &zero, w.get(), out),
                          "cudnnConvolutionBackwardFilter");
    }
  }

  // The images go through scratch, [workspace | input | output].
  template <class T>
  void ComputeArranged(const CudaContext& context, const T* a, const T* b, T* out, std::byte* memory) const {
    T* in = reinterpret_cast<T*>(memory + AlignUp(workspace));
    T* to = reinterpret_cast<T*>(memory + AlignUp(workspace) + AlignUp(input.padded_size() * sizeof(T)));
    if (pass != ConvPass::kInputGrad) Arrange(context, input, a, in);
    switch (pass) {
      case ConvPass::kForward:
        Compute<T>(context, in, b, to, memory);
        return Restore<T>(context, output, to, out);
      case ConvPass::kInputGrad:
        Arrange(context, output, a, to);
        Compute<T>(context, to, b, in, memory);
        context.SetZero(reinterpret_cast<std::byte*>(out), shape.input_size() * sizeof(T));  // what no window sees
        return Restore<T>(context, input, in, out);
      case ConvPass::kFilterGrad:
        Arrange(context, output, b, to);
        return Compute<T>(context, in, to, out, memory);
    }
  }

  int64_t result_size() const {
    return pass == ConvPass::kForward     ? shape.output_size()
           : pass == ConvPass::kInputGrad ? shape.input_size()
                                          : shape.filter_size();
  }
};

Convolution::Convolution(const CudaContext& context, DType dtype, const ConvShape& shape, ConvPass pass)
    : impl_(std::make_shared<Impl>(context, dtype, shape, pass)) {}

size_t Convolution::scratch_bytes() const { return impl_ && !impl_->empty ? impl_->scratch_bytes() : 0; }

template <class T>
void Convolution::Run(const CudaContext& context, const T* a, const T* b, T* out, std::byte* scratch) const {
  if (impl_->empty)
    context.SetZero(reinterpret_cast<std::byte*>(out), impl_->result_size() * sizeof(T));
  else if (impl_->arranged)
    impl_->ComputeArranged(context, a, b, out, AlignedScratch(scratch));
  else
    impl_->Compute(context, a, b, out, AlignedScratch(scratch));
}

template void Convolution::Run(const CudaContext&, const float*, const float*, float*, std::byte*) const;
template void Convolution::Run(const CudaContext&, const double*, const double*, double*, std::byte*) const;

}  // namespace paddle::cuda
