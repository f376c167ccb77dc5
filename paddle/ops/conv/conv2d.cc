// conv2d and depthwise_conv2d: one convolution under two names, which models made for a GPU tell apart.
#include "paddle/ops/conv/conv2d.h"

#include <algorithm>

#include "paddle/device/task_size.h"
#include "paddle/math/for_each.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/conv/window.h"

namespace paddle {

ConvShape ConvShapeOf(const Conv2dAttrs& attrs, const Dims& input, const Dims& filter) {
  const bool nhwc = ChannelsLast(attrs.data_format);
  const ImageSizes in = SplitImage(input, nhwc, "Input");
  Require(filter.rank() == 4, "Filter has shape ", filter,
          "; expected rank 4: [filters, channels / groups, height, width]");
  const auto strides = Pair(attrs.strides, "strides", 1), dilations = Pair(attrs.dilations, "dilations", 1);
  Require(attrs.groups >= 1, "groups must be positive, got ", attrs.groups);
  Require(in.c < 0 || filter[1] < 0 || in.c == filter[1] * attrs.groups, "Input ", input, " has ", in.c,
          " channels, but Filter ", filter, " with ", attrs.groups, " group(s) takes ", filter[1] * attrs.groups);
  Require(filter[0] < 0 || filter[0] % attrs.groups == 0, "the ", filter[0], " filters of Filter ", filter,
          " cannot be cut into ", attrs.groups, " equal groups");
  std::array<Window, 2> windows{Window{filter[2], strides[0], dilations[0]},
                                Window{filter[3], strides[1], dilations[1]}};
  SetPaddings(attrs.padding_algorithm, attrs.paddings, in, &windows);
  const auto& [rows, columns] = windows;
  ConvShape s{.n = in.n,
              .c = in.c,
              .h = in.h,
              .w = in.w,
              .filters = filter[0],
              .kernel_h = filter[2],
              .kernel_w = filter[3],
              .groups = attrs.groups,
              .stride_h = rows.stride,
              .stride_w = columns.stride,
              .dilation_h = rows.dilation,
              .dilation_w = columns.dilation,
              .pad_top = rows.before,
              .pad_left = columns.before,
              .nhwc = nhwc};
  s.out_h = filter[2] < 0 ? -1 : rows.Positions(in.h);
  s.out_w = filter[3] < 0 ? -1 : columns.Positions(in.w);
  Require(s.out_h != 0 && s.out_w != 0, "a window of ", filter[2], " x ", filter[3], " with dilations ",
          attrs.dilations, " does not fit into Input ", input, " with paddings ", rows.before, ", ", rows.after, ", ",
          columns.before, ", ", columns.after, "; the output would be empty");
  return s;
}

namespace {

using Attrs = Conv2dAttrs;

Dims OutputDims(const ConvShape& s) { return JoinImage({s.n, s.filters, s.out_h, s.out_w}, s.nhwc); }

void CheckTypes(InferContext& context) {
  context.CheckDType("Input", kFloats);
  context.CheckSameDType("Input", "Filter");
}

void CheckBias(const ConvShape& s, InferContext& context) {
  if (!context.Has("Bias")) return;
  context.CheckSameDType("Input", "Bias");
  Require(SizesAgree(context.In("Bias").numel(), s.filters), "Bias ", context.In("Bias").dims, " does not fit ",
          s.filters, " filters");
}

void Infer(const Attrs& attrs, InferContext& context) {
  CheckTypes(context);
  const ConvShape s = ConvShapeOf(attrs, context.In("Input").dims, context.In("Filter").dims);
  CheckBias(s, context);
  if (context.Has("ResidualData")) {
    context.CheckSameDType("Input", "ResidualData");
    CheckDims(context, "ResidualData", OutputDims(s));
  }
  context.SetOut("Output", OutputDims(s), context.In("Input").dtype);
  context.ShareLod("Input", "Output");
}

ConvShape ShapeOf(const Attrs& attrs, const OpMetas& metas) {
  return ConvShapeOf(attrs, metas.In("Input").dims, metas.In("Filter").dims);
}

struct ConvState {
  ConvShape shape;
  Convolution forward;
  size_t scratch_bytes() const { return forward.scratch_bytes(); }
};

ConvState Prepare(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  const ConvShape s = ShapeOf(attrs, metas);
  return {s, Convolution(metas.In("Input").dtype, s, ConvPass::kForward, false, metas.IsWeight("Filter"))};
}

void Conv(const CpuContext&, const Attrs&, ConvState& state, Scratch scratch, const Tensor& input, const Tensor& filter,
          const Tensor* bias, const Tensor* residual, Tensor& output) {
  state.forward.Run(input, filter, output, scratch.data);
  VisitFloat(input.dtype(), [&]<class T>() {
    T* out = output.mutable_data<T>();
    if (bias) AddConvBias(state.shape, bias->data<T>(), out);
    if (!residual) return;
    const T* more = residual->data<T>();
    ForEachIndex(output.numel(), kCheapElementsPerTask, [=](int64_t i) { out[i] += more[i]; });
  });
}

// Fluid's gradient op has no slot for ResidualData; its gradient is Output's.
void GradConv(const Attrs&, GradContext& g) {
  g.EmitDefault();
  const std::vector<std::string> wanted = g.InGrad("ResidualData");
  if (wanted.empty()) return;
  OpDesc& op = g.Emit("assign");
  op.SetInput("X", g.OutGrad("Output"));
  op.SetOutput("Out", wanted);
}

// ---- gradient ----

ConvShape CheckOutputGrad(const Attrs& attrs, std::string_view slot, InferContext& context) {
  CheckTypes(context);
  context.CheckSameDType("Input", slot);
  const ConvShape s = ConvShapeOf(attrs, context.In("Input").dims, context.In("Filter").dims);
  CheckDims(context, slot, OutputDims(s));
  return s;
}

void InferGrad(const Attrs& attrs, InferContext& context) {
  CheckBias(CheckOutputGrad(attrs, "Output@GRAD", context), context);
  for (const auto& [from, to] : {std::pair{"Input", "Input@GRAD"}, {"Filter", "Filter@GRAD"}, {"Bias", "Bias@GRAD"}})
    if (context.HasOut(to)) context.CopyMeta(from, to);
}

struct ConvGradState {
  ConvShape shape;
  Convolution input, filter;
  size_t scratch_bytes() const { return std::max(input.scratch_bytes(), filter.scratch_bytes()); }
};

ConvGradState PrepareGrad(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  const DType dtype = metas.In("Input").dtype;
  ConvGradState state{ShapeOf(attrs, metas), {}, {}};
  if (metas.HasOut("Input@GRAD")) state.input = Convolution(dtype, state.shape, ConvPass::kInputGrad);
  if (metas.HasOut("Filter@GRAD")) state.filter = Convolution(dtype, state.shape, ConvPass::kFilterGrad);
  return state;
}

void ConvGrad(const CpuContext&, const Attrs&, ConvGradState& state, Scratch scratch, const Tensor& input,
              const Tensor& filter, const Tensor*, const Tensor& d_output, Tensor* d_input, Tensor* d_filter,
              Tensor* d_bias) {
  if (d_input) state.input.Run(d_output, filter, *d_input, scratch.data);
  if (d_filter) state.filter.Run(input, d_output, *d_filter, scratch.data);
  if (!d_bias) return;
  VisitFloat(input.dtype(),
             [&]<class T>() { ConvBiasGrad(state.shape, d_output.data<T>(), d_bias->mutable_data<T>()); });
}

// ---- gradient of the gradient ----

void GradConvGrad(const Attrs& attrs, GradContext& g) {
  OpDesc& op = g.Emit("conv2d_grad_grad", attrs);
  op.SetInput("Input", g.In("Input"));
  op.SetInput("Filter", g.In("Filter"));
  op.SetInput("DOutput", g.In("Output@GRAD"));
  op.SetInput("DDInput", g.OutGrad("Input@GRAD"));
  op.SetInput("DDFilter", g.OutGrad("Filter@GRAD"));
  op.SetOutput("DDOutput", g.InGrad("Output@GRAD"));
  op.SetOutput("DFilter", g.InGrad("Filter"));
  op.SetOutput("DInput", g.InGrad("Input"));
}

void InferGradGrad(const Attrs& attrs, InferContext& context) {
  CheckOutputGrad(attrs, "DOutput", context);
  for (const auto& [given, like] : {std::pair{"DDInput", "Input"}, {"DDFilter", "Filter"}}) {
    if (!context.Has(given)) continue;
    context.CheckSameDims(like, given);
    context.CheckSameDType(like, given);
  }
  for (const auto& [from, to] : {std::pair{"Input", "DInput"}, {"Filter", "DFilter"}, {"DOutput", "DDOutput"}})
    if (context.HasOut(to)) context.CopyMeta(from, to);
}

struct ConvGradGradState {
  Convolution input, filter, output, output_more;
  size_t scratch_bytes() const {
    return std::max(
        {input.scratch_bytes(), filter.scratch_bytes(), output.scratch_bytes(), output_more.scratch_bytes()});
  }
};

ConvGradGradState PrepareGradGrad(const CpuContext&, const Attrs& attrs, const OpMetas& metas) {
  const DType dtype = metas.In("Input").dtype;
  const ConvShape s = ShapeOf(attrs, metas);
  return {Convolution(dtype, s, ConvPass::kInputGrad), Convolution(dtype, s, ConvPass::kFilterGrad),
          Convolution(dtype, s, ConvPass::kForward), Convolution(dtype, s, ConvPass::kForward, true)};
}

void Zero(Tensor& tensor) { std::fill_n(tensor.mutable_raw(), tensor.bytes(), std::byte{0}); }

void ConvGradGrad(const CpuContext&, const Attrs&, ConvGradGradState& state, Scratch scratch, const Tensor& input,
                  const Tensor& filter, const Tensor& d_output, const Tensor* dd_input, const Tensor* dd_filter,
                  Tensor* dd_output, Tensor* d_filter, Tensor* d_input) {
  if (d_input && !dd_filter) Zero(*d_input);
  if (d_filter && !dd_input) Zero(*d_filter);
  if (dd_output && !dd_input && !dd_filter) Zero(*dd_output);
  if (d_input && dd_filter) state.input.Run(d_output, *dd_filter, *d_input, scratch.data);
  if (d_filter && dd_input) state.filter.Run(*dd_input, d_output, *d_filter, scratch.data);
  if (dd_output && dd_input) state.output.Run(*dd_input, filter, *dd_output, scratch.data);
  if (dd_output && dd_filter)
    (dd_input ? state.output_more : state.output).Run(input, *dd_filter, *dd_output, scratch.data);
}

// ---- registration ----

OpSpec<Attrs> ForwardSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"Input", "Images [N, C, H, W], or [N, H, W, C] with data_format NHWC."},
                     {"Filter", "Filters [M, C / groups, height, width], in either data format."},
                     {"Bias", "One number a filter, added to its outputs.", kOptional},
                     {"ResidualData", "Tensor of Output's shape, added to it.", kOptional}},
          .outputs = {{"Output",
                       "[N, M, H', W'] ([N, H', W', M] with NHWC), H' = (H + paddings - dilation (height - 1) - 1) / "
                       "stride + 1."}},
          .infer = Infer,
          .grad = GradConv};
}

OpSpec<Attrs> GradSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"Input", "As given to the convolution."},
                     {"Filter", "As given to the convolution."},
                     {"Bias", "As given to the convolution.", kOptional | kMetaOnly},
                     {"Output@GRAD", "Gradient of the output."}},
          .outputs = {{"Input@GRAD", "Gradient of Input.", kOptional},
                      {"Filter@GRAD", "Gradient of Filter.", kOptional},
                      {"Bias@GRAD", "Gradient of Bias.", kOptional}},
          .infer = InferGrad,
          .grad = GradConvGrad};
}

const Registered kConv = RegisterOp(ForwardSpec("conv2d",
                                                "Cross-correlation of images with filters: Output[n, m, y, x] = sum "
                                                "over c, i, j of Input[n, c, y stride + i dilation - padding, ...] "
                                                "Filter[m, c, i, j], plus Bias[m]."));
const Registered kConvCpu = RegisterKernel("conv2d", Prepare, Conv);
const Registered kConvGrad = RegisterOp(GradSpec("conv2d_grad", "Gradient of conv2d."));
const Registered kConvGradCpu = RegisterKernel("conv2d_grad", PrepareGrad, ConvGrad);

const Registered kDepthwise =
    RegisterOp(ForwardSpec("depthwise_conv2d", "conv2d where each channel is a group of its own (groups = C)."));
const Registered kDepthwiseCpu = RegisterKernel("depthwise_conv2d", Prepare, Conv);
const Registered kDepthwiseGrad = RegisterOp(GradSpec("depthwise_conv2d_grad", "Gradient of depthwise_conv2d."));
const Registered kDepthwiseGradCpu = RegisterKernel("depthwise_conv2d_grad", PrepareGrad, ConvGrad);

const Registered kConvGradGrad = RegisterOp<Attrs>({
    .name = "conv2d_grad_grad",
    .doc = "Gradient of conv2d_grad: DDOutput = conv(DDInput, Filter) + conv(Input, DDFilter); DInput and DFilter are "
           "conv2d's gradients "
           "with DDFilter and DDInput in the places of Filter and Input.",
    .inputs = {{"Input", "As given to conv2d."},
               {"Filter", "As given to conv2d."},
               {"DOutput", "Gradient of the output, as given to conv2d_grad."},
               {"DDInput", "Gradient of Input@GRAD.", kOptional},
               {"DDFilter", "Gradient of Filter@GRAD.", kOptional}},
    .outputs = {{"DDOutput", "Gradient of DOutput.", kOptional},
                {"DFilter", "Gradient of Filter.", kOptional},
                {"DInput", "Gradient of Input.", kOptional}},
    .infer = InferGradGrad,
});
const Registered kConvGradGradCpu = RegisterKernel("conv2d_grad_grad", PrepareGradGrad, ConvGradGrad);

}  // namespace
}  // namespace paddle
