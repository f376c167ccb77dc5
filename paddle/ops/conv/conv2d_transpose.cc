// conv2d_transpose and depthwise_conv2d_transpose: the gradient of a convolution with respect to its input, as an op of
// its own.
#include <algorithm>

#include "paddle/math/conv.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/conv/window.h"

namespace paddle {
namespace {

struct Conv2dTransposeAttrs {
  bool is_test = false;
  std::vector<int32_t> output_size;
  int32_t groups = 1;
  std::vector<int32_t> dilations = {1, 1};
  std::vector<int32_t> strides = {1, 1};
  std::vector<int32_t> paddings = {0, 0};
  std::string data_format = "NCHW";
  std::string padding_algorithm = "EXPLICIT";

  static auto Fields() {
    using A = Conv2dTransposeAttrs;
    return std::tuple{
        Field{"is_test", &A::is_test, "Has no influence: the result is the same in training and inference."},
        Field{"output_size", &A::output_size,
              "Height and width of Output, at least the size that follows from the rest and less than a stride more; "
              "empty: that size."},
        Field{"groups", &A::groups, "Channels and filters are cut into so many groups."},
        Field{"dilations", &A::dilations, "Distances between the elements of the filter."},
        Field{"strides", &A::strides, "Steps in Output, down and to the right, from one element of Input to the next."},
        Field{"paddings", &A::paddings,
              "Rows and columns cut off around Output: (height, width) or (top, bottom, left, right)."},
        Field{"data_format", &A::data_format, "NCHW or NHWC: the layout of Input and Output."},
        Field{"padding_algorithm", &A::padding_algorithm,
              "EXPLICIT takes paddings; VALID none; SAME as many as a convolution of Input would, with dilations taken "
              "as 1."}};
  }
};

using Attrs = Conv2dTransposeAttrs;

int64_t OutSize(const Attrs& attrs, int dim, const Window& window, int64_t in) {
  const int64_t least =
      in < 0 || window.kernel < 0 ? -1 : (in - 1) * window.stride + window.extent() - window.before - window.after;
  Require(in < 0 || window.kernel < 0 || least > 0, "an input of ", in, " with stride ", window.stride,
          " and paddings ", window.before, ", ", window.after, " leaves nothing of the output");
  if (attrs.output_size.empty()) return least;
  const int64_t size = attrs.output_size[dim];
  Require(least < 0 || (size >= least && size < least + window.stride), "output_size[", dim, "] is ", size,
          "; expected ", least, " <= size < ", least + window.stride, " for an input of ", in, " with stride ",
          window.stride);
  return size;
}

// The convolution that this op turns round: its input is our Output, its output our Input.
ConvShape ShapeOf(const Attrs& attrs, const Dims& input, const Dims& filter) {
  const bool nhwc = ChannelsLast(attrs.data_format);
  const ImageSizes in = SplitImage(input, nhwc, "Input");
  Require(filter.rank() == 4, "Filter has shape ", filter,
          "; expected rank 4: [channels, filters / groups, height, width]");
  Require(SizesAgree(in.c, filter[0]), "Input ", input, " has ", in.c, " channels, but Filter ", filter, " takes ",
          filter[0]);
  const auto strides = Pair(attrs.strides, "strides", 1), dilations = Pair(attrs.dilations, "dilations", 1);
  Require(attrs.groups >= 1 && (in.c < 0 || in.c % attrs.groups == 0), "the ", in.c,
          " channels of Input cannot be cut into groups = ", attrs.groups, " equal groups");
  if (!attrs.output_size.empty()) Pair(attrs.output_size, "output_size", 1);
  std::array<Window, 2> windows{Window{filter[2], strides[0], dilations[0]},
                                Window{filter[3], strides[1], dilations[1]}};
  SetPaddings(attrs.padding_algorithm, attrs.paddings, in, &windows);
  const auto& [rows, columns] = windows;
  return {.n = in.n,
          .c = filter[1] < 0 ? -1 : filter[1] * attrs.groups,
          .h = OutSize(attrs, 0, rows, in.h),
          .w = OutSize(attrs, 1, columns, in.w),
          .filters = filter[0],
          .kernel_h = filter[2],
          .kernel_w = filter[3],
          .out_h = in.h,
          .out_w = in.w,
          .groups = attrs.groups,
          .stride_h = rows.stride,
          .stride_w = columns.stride,
          .dilation_h = rows.dilation,
          .dilation_w = columns.dilation,
          .pad_top = rows.before,
          .pad_left = columns.before,
          .nhwc = nhwc};
}

ConvShape ShapeOf(const Attrs& attrs, const OpMetas& metas) {
  return ShapeOf(attrs, metas.In("Input").dims, metas.In("Filter").dims);
}

// The same sizes with our Output in the place of the output, for the bias.
ConvShape BiasShape(const ConvShape& s) {
  return {.n = s.n, .filters = s.c, .out_h = s.h, .out_w = s.w, .nhwc = s.nhwc};
}

Dims CheckedOutput(const Attrs& attrs, InferContext& context) {
  context.CheckDType("Input", kFloats);
  context.CheckSameDType("Input", "Filter");
  const ConvShape s = ShapeOf(attrs, context);
  if (context.Has("Bias")) {
    context.CheckSameDType("Input", "Bias");
    Require(SizesAgree(context.In("Bias").numel(), s.c), "Bias ", context.In("Bias").dims, " does not fit ", s.c,
            " filters");
  }
  return JoinImage({s.n, s.c, s.h, s.w}, s.nhwc);
}

void Infer(const Attrs& attrs, InferContext& context) {
  context.SetOut("Output", CheckedOutput(attrs, context), context.In("Input").dtype);
}

struct State {
  ConvShape shape;
  Convolution conv;
  size_t scratch_bytes() const { return conv.scratch_bytes(); }
};

State Prepare(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  const ConvShape s = ShapeOf(attrs, metas);
  return {s, Convolution(metas.In("Input").dtype, s, ConvPass::kInputGrad, false, metas.IsWeight("Filter"))};
}

void ConvTranspose(const CpuContext&, const Attrs&, State& state, Scratch scratch, const Tensor& input,
                   const Tensor& filter, const Tensor* bias, Tensor& output) {
  state.conv.Run(input, filter, output, scratch.data);
  if (!bias) return;
  VisitFloat(input.dtype(),
             [&]<class T>() { AddConvBias(BiasShape(state.shape), bias->data<T>(), output.mutable_data<T>()); });
}

// ---- gradient ----

void InferGrad(const Attrs& attrs, InferContext& context) {
  CheckDims(context, "Output@GRAD", CheckedOutput(attrs, context));
  context.CheckSameDType("Input", "Output@GRAD");
  for (const auto& [from, to] : {std::pair{"Input", "Input@GRAD"}, {"Filter", "Filter@GRAD"}, {"Bias", "Bias@GRAD"}})
    if (context.HasOut(to)) context.CopyMeta(from, to);
}

struct GradState {
  ConvShape shape;
  Convolution input, filter;
  size_t scratch_bytes() const { return std::max(input.scratch_bytes(), filter.scratch_bytes()); }
};

GradState PrepareGrad(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  const DType dtype = metas.In("Input").dtype;
  GradState state{ShapeOf(attrs, metas), {}, {}};
  if (metas.HasOut("Input@GRAD")) state.input = Convolution(dtype, state.shape, ConvPass::kForward);
  if (metas.HasOut("Filter@GRAD")) state.filter = Convolution(dtype, state.shape, ConvPass::kFilterGrad);
  return state;
}

void ConvTransposeGrad(const CpuContext&, const Attrs&, GradState& state, Scratch scratch, const Tensor& input,
                       const Tensor& filter, const Tensor*, const Tensor& d_output, Tensor* d_input, Tensor* d_filter,
                       Tensor* d_bias) {
  if (d_input) state.input.Run(d_output, filter, *d_input, scratch.data);
  if (d_filter) state.filter.Run(d_output, input, *d_filter, scratch.data);
  if (!d_bias) return;
  VisitFloat(input.dtype(),
             [&]<class T>() { ConvBiasGrad(BiasShape(state.shape), d_output.data<T>(), d_bias->mutable_data<T>()); });
}

// ---- registration ----

OpSpec<Attrs> ForwardSpec(std::string_view name, std::string_view doc) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"Input", "Images [N, C, H, W], or [N, H, W, C] with data_format NHWC."},
                 {"Filter", "Filters [C, M / groups, height, width], in either data format."},
                 {"Bias", "One number an output channel [M].", kOptional}},
      .outputs =
          {{"Output",
            "[N, M, H', W'] ([N, H', W', M] with NHWC), H' = (H - 1) stride - paddings + dilation (height - 1) + 1."}},
      .infer = Infer};
}

OpSpec<Attrs> GradSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"Input", "As given to the op."},
                     {"Filter", "As given to the op."},
                     {"Bias", "As given to the op.", kOptional | kMetaOnly},
                     {"Output@GRAD", "Gradient of the output."}},
          .outputs = {{"Input@GRAD", "Gradient of Input.", kOptional},
                      {"Filter@GRAD", "Gradient of Filter.", kOptional},
                      {"Bias@GRAD", "Gradient of Bias.", kOptional}},
          .infer = InferGrad};
}

const Registered kOp = RegisterOp(
    ForwardSpec("conv2d_transpose",
                "Transposed convolution: each element of Input adds its multiple of the filter to a window of Output, "
                "plus Bias. The gradient of "
                "conv2d with respect to its input. Zeiler et al., \"Deconvolutional networks\", CVPR 2010."));
const Registered kCpu = RegisterKernel("conv2d_transpose", Prepare, ConvTranspose);
const Registered kGradOp = RegisterOp(GradSpec("conv2d_transpose_grad", "Gradient of conv2d_transpose."));
const Registered kGradCpu = RegisterKernel("conv2d_transpose_grad", PrepareGrad, ConvTransposeGrad);

const Registered kDepthwise = RegisterOp(ForwardSpec(
    "depthwise_conv2d_transpose", "conv2d_transpose where each channel is a group of its own (groups = C)."));
const Registered kDepthwiseCpu = RegisterKernel("depthwise_conv2d_transpose", Prepare, ConvTranspose);
const Registered kDepthwiseGrad =
    RegisterOp(GradSpec("depthwise_conv2d_transpose_grad", "Gradient of depthwise_conv2d_transpose."));
const Registered kDepthwiseGradCpu = RegisterKernel("depthwise_conv2d_transpose_grad", PrepareGrad, ConvTransposeGrad);

}  // namespace
}  // namespace paddle
