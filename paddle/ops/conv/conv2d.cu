#include <algorithm>

#include "paddle/math/arithmetic.h"
#include "paddle/math/cuda/conv.h"
#include "paddle/math/cuda/reduce.h"
#include "paddle/op/registry.h"
#include "paddle/ops/conv/conv2d.h"

namespace paddle {
namespace {

using Attrs = Conv2dAttrs;

ConvShape ShapeOf(const Attrs& attrs, const OpMetas& metas) {
  return ConvShapeOf(attrs, metas.In("Input").dims, metas.In("Filter").dims);
}

template <class T>
void AddBias(const CudaContext& context, const ConvShape& s, const Tensor& bias, T* output) {
  const int64_t run = s.nhwc ? 1 : s.out_pixels(), filters = s.filters;
  const T* b = bias.data<T>();
  cuda::ForEach(context, s.output_size(), [=] __device__(int64_t i) { output[i] += b[i / run % filters]; });
}

template <class T>
void AddResidual(const CudaContext& context, const Tensor& residual, T* output) {
  const T* more = residual.data<T>();
  cuda::ForEach(context, residual.numel(), [=] __device__(int64_t i) { output[i] += more[i]; });
}

template <class T>
void BiasGrad(const CudaContext& context, const ConvShape& s, const T* d, Tensor* d_bias) {
  T* to = d_bias->mutable_data<T>();
  const int64_t pixels = s.out_pixels(), filters = s.filters;
  const bool nhwc = s.nhwc;
  cuda::Reduce(
      context, filters, s.n * pixels, T(0),
      [=] __device__(int64_t k, int64_t i) {
        return nhwc ? d[i * filters + k] : d[(i / pixels * filters + k) * pixels + i % pixels];
      },
      math::Add(), [=] __device__(int64_t k, T sum) { to[k] = sum; });
}

struct ConvState {
  ConvShape shape;
  cuda::Convolution forward;
  size_t scratch_bytes() const { return forward.scratch_bytes(); }
};

ConvState Prepare(const CudaContext& context, const Attrs& attrs, const OpMetas& metas) {
  const ConvShape s = ShapeOf(attrs, metas);
  return {s, cuda::Convolution(context, metas.In("Input").dtype, s, ConvPass::kForward)};
}

void Conv(const CudaContext& context, const Attrs&, ConvState& state, Scratch scratch, const Tensor& input,
          const Tensor& filter, const Tensor* bias, const Tensor* residual, Tensor& output) {
  VisitFloat(input.dtype(), [&]<class T>() {
    state.forward.Run(context, input.data<T>(), filter.data<T>(), output.mutable_data<T>(), scratch.data);
    if (bias) AddBias(context, state.shape, *bias, output.mutable_data<T>());
    if (residual) AddResidual(context, *residual, output.mutable_data<T>());
  });
}

struct ConvGradState {
  ConvShape shape;
  cuda::Convolution input, filter;
  size_t scratch_bytes() const { return std::max(input.scratch_bytes(), filter.scratch_bytes()); }
};

ConvGradState PrepareGrad(const CudaContext& context, const Attrs& attrs, const OpMetas& metas) {
  const DType dtype = metas.In("Input").dtype;
  ConvGradState state{ShapeOf(attrs, metas), {}, {}};
  if (metas.HasOut("Input@GRAD")) state.input = {context, dtype, state.shape, ConvPass::kInputGrad};
  if (metas.HasOut("Filter@GRAD")) state.filter = {context, dtype, state.shape, ConvPass::kFilterGrad};
  return state;
}

void ConvGrad(const CudaContext& context, const Attrs&, ConvGradState& state, Scratch scratch, const Tensor& input,
              const Tensor& filter, const Tensor*, const Tensor& d_output, Tensor* d_input, Tensor* d_filter,
              Tensor* d_bias) {
  VisitFloat(input.dtype(), [&]<class T>() {
    const T* d = d_output.data<T>();
    if (d_input) state.input.Run(context, d, filter.data<T>(), d_input->mutable_data<T>(), scratch.data);
    if (d_filter) state.filter.Run(context, input.data<T>(), d, d_filter->mutable_data<T>(), scratch.data);
    if (d_bias) BiasGrad(context, state.shape, d, d_bias);
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("conv2d", Prepare, Conv),
    RegisterKernel("conv2d_grad", PrepareGrad, ConvGrad),
    RegisterKernel("depthwise_conv2d", Prepare, Conv),
    RegisterKernel("depthwise_conv2d_grad", PrepareGrad, ConvGrad),
};

}  // namespace
}  // namespace paddle
