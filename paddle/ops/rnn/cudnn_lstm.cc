// cudnn_lstm: stacked long short-term memory over padded sequences, with all parameters in one vector.
#include "paddle/ops/rnn/cudnn_lstm.h"

#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace {

void CheckAttrs(const CudnnLstmAttrs& attrs) {
  const auto positive = [](std::string_view name, int32_t value) {
    Require(value > 0, name, " is ", value, "; expected 1 or more");
  };
  positive("input_size", attrs.input_size);
  positive("hidden_size", attrs.hidden_size);
  positive("num_layers", attrs.num_layers);
  Require(attrs.dropout_prob >= 0 && attrs.dropout_prob <= 1, "dropout_prob is ", attrs.dropout_prob,
          "; expected 0 <= dropout_prob <= 1");
  const double h = attrs.hidden_size, d = static_cast<double>(attrs.directions());
  Require(4 * h * attrs.num_layers * d * (attrs.input_size + d * h + h + 2) < 0x1p62, "input_size ", attrs.input_size,
          ", hidden_size ", attrs.hidden_size, " and num_layers ", attrs.num_layers, " are too large");
}

// Checks what forward and gradient op read and returns the dims of the output.
Dims CheckInputs(const CudnnLstmAttrs& attrs, const InferContext& context) {
  CheckAttrs(attrs);
  context.CheckDType("Input", kFloats);
  for (const auto slot : {"InitH", "InitC", "W"}) context.CheckSameDType("Input", slot);
  CheckDims(context, "Input", {-1, -1, attrs.input_size});
  const Dims& input = context.In("Input").dims;
  Require(input[0] <= attrs.max_len, "input Input ", input, " has ", input[0], " steps, but max_len is ",
          attrs.max_len);
  const CudnnLstmWeights weights = WeightsOf(attrs);
  for (const auto slot : {"InitH", "InitC"})
    CheckDims(context, slot, {weights.pseudo_layers(), input[1], attrs.hidden_size});
  CheckDims(context, "W", {weights.size()});
  return {input[0], input[1], weights.directions * weights.hidden};
}

void Infer(const CudnnLstmAttrs& attrs, InferContext& context) {
  const Dims out = CheckInputs(attrs, context);
  context.SetOut("Out", out, context.In("Input").dtype);
  context.CopyMeta("InitH", "last_h");
  context.CopyMeta("InitC", "last_c");
}

void InferGrad(const CudnnLstmAttrs& attrs, InferContext& context) {
  CheckDims(context, "Out@GRAD", CheckInputs(attrs, context));
  for (const auto slot : {"last_h@GRAD", "last_c@GRAD"})
    if (context.Has(slot)) CheckDims(context, slot, context.In("InitH").dims);
  for (const auto slot : {"Out@GRAD", "last_h@GRAD", "last_c@GRAD"}) context.CheckSameDType("Input", slot);
  for (const auto slot : {"Input", "InitH", "InitC", "W"})
    context.SetOut(StrCat(slot, kGradSuffix), context.In(slot).dims, context.In(slot).dtype);
}

struct PaddedState {
  Lod lod;  // of the padded batch: sequences of one length
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

template <bool kBackward>
PaddedState Prepare(const CpuContext&, const CudnnLstmAttrs& attrs, const OpMetas& metas) {
  const TensorMeta& input = metas.In("Input");
  const StackedLstmConfig config = ConfigOf(attrs, input.dims);
  return {Lod::FromLengths({std::vector<int64_t>(config.batch, config.steps)}),
          VisitFloat(input.dtype, [&]<class T>() { return StackedLstmScratch<T>(config, kBackward); })};
}

void Run(const CpuContext&, const CudnnLstmAttrs& attrs, PaddedState& state, const RandomSource& random,
         const OpDesc& op, Scratch scratch, const Tensor& input, const Tensor& initial_h, const Tensor& initial_c,
         const Tensor& w, const Tensor*, Tensor& out, Tensor* last_h, Tensor* last_c) {
  VisitFloat(input.dtype(), [&]<class T>() {
    RunStackedLstm<T>(ConfigOf(attrs, input.dims()), state.lod,
                      {.input = input.data<T>(),
                       .initial_hidden = initial_h.data<T>(),
                       .initial_cell = initial_c.data<T>(),
                       .weights = w.data<T>(),
                       .random = DropStreamOf(attrs, random, op.Output("Out")[0]),
                       .out = out.mutable_data<T>(),
                       .last_hidden = DataOf<T>(last_h),
                       .last_cell = DataOf<T>(last_c),
                       .scratch = scratch.data});
  });
}

void RunGrad(const CpuContext&, const CudnnLstmAttrs& attrs, PaddedState& state, const RandomSource& random,
             const OpDesc& op, Scratch scratch, const Tensor*, const Tensor& initial_c, const Tensor& initial_h,
             const Tensor& input, const Tensor*, const Tensor& d_out, const Tensor& w, const Tensor* d_last_c,
             const Tensor* d_last_h, Tensor* d_initial_c, Tensor* d_initial_h, Tensor* d_input, Tensor* d_w) {
  VisitFloat(input.dtype(), [&]<class T>() {
    RunStackedLstmGrad<T>(ConfigOf(attrs, input.dims()), state.lod,
                          {.input = input.data<T>(),
                           .initial_hidden = initial_h.data<T>(),
                           .initial_cell = initial_c.data<T>(),
                           .weights = w.data<T>(),
                           .random = DropStreamOf(attrs, random, op.Input("Out")[0]),
                           .out_grad = d_out.data<T>(),
                           .last_hidden_grad = DataOf<T>(d_last_h),
                           .last_cell_grad = DataOf<T>(d_last_c),
                           .input_grad = DataOf<T>(d_input),
                           .initial_hidden_grad = DataOf<T>(d_initial_h),
                           .initial_cell_grad = DataOf<T>(d_initial_c),
                           .weights_grad = DataOf<T>(d_w),
                           .scratch = scratch.data});
  });
}

const Registered kOp = RegisterOp<CudnnLstmAttrs>({
    .name = "cudnn_lstm",
    .doc =
        "Layers of long short-term memory, one on top of the other, over a padded batch, with all parameters in one "
        "vector. With h', c' of the step before and x the row of the layer below: i = sigmoid(W_i x + R_i h' + b_i + "
        "r_i), f and o the same, c~ = tanh(W_c x + R_c h' + b_c + r_c), c = f c' + i c~, h = o tanh(c). "
        "Hochreiter and Schmidhuber 1997.",
    .inputs = {{"Input", "[T, B, I]: T steps of B sequences."},
               {"InitH", "[L D, B, H]: h' of the first steps; L layers, each with its D directions."},
               {"InitC", "[L D, B, H]: c' of the first steps."},
               {"W",
                "Vector of all parameters as cuDNN lays them out: for each layer and direction W_i, W_f, W_c, W_o [H, "
                "I or D H] and R_i, R_f, R_c, R_o [H, H]; behind all of these, for each layer and direction b_i, b_f, "
                "b_c, b_o and r_i, r_f, r_c, r_o [H]."},
               {"Cache", "Not read: what cuDNN would keep.", kOptional | kNoGradient | kUnread}},
    .outputs = {{"Out", "[T, B, D H]: h of the last layer, the directions side by side."},
                {"last_h", "[L D, B, H]: h behind the last step of each layer and direction."},
                {"last_c", "[L D, B, H]: c behind the last step of each layer and direction."}},
    .infer = Infer,
    .traits = kRandom,
});
const Registered kCpu = RegisterKernel("cudnn_lstm", Prepare<false>, Run);

const Registered kGradOp = RegisterOp<CudnnLstmAttrs>({
    .name = "cudnn_lstm_grad",
    .doc = "Gradient of cudnn_lstm. It runs the forward pass again: nothing of it is kept.",
    .inputs = {{"Cache", "Of the forward op; not read.", kOptional | kUnread},
               {"InitC", "Of the forward op."},
               {"InitH", "Of the forward op."},
               {"Input", "Of the forward op."},
               {"Out", "Of the forward op; its name alone is read.", kUnread},
               {"Out@GRAD", "Gradient of Out."},
               {"W", "Of the forward op."},
               {"last_c@GRAD", "Gradient of last_c; zero if absent.", kOptional},
               {"last_h@GRAD", "Gradient of last_h; zero if absent.", kOptional}},
    .outputs = {{"InitC@GRAD", "Gradient of InitC.", kOptional},
                {"InitH@GRAD", "Gradient of InitH.", kOptional},
                {"Input@GRAD", "Gradient of Input.", kOptional},
                {"W@GRAD", "Gradient of W.", kOptional}},
    .infer = InferGrad,
    .traits = kRandom,
});
const Registered kGradCpu = RegisterKernel("cudnn_lstm_grad", Prepare<true>, RunGrad);

}  // namespace
}  // namespace paddle
