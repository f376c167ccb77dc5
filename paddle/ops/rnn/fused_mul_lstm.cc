// lstm with the product in front of it, a chunk of steps at a time. No program names this op: the pass recompute_gates
// puts it in the place of mul and lstm.
#include "paddle/math/projected_lstm.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/fused_mul.h"
#include "paddle/ops/rnn/lstm.h"

namespace paddle {
namespace {

void Infer(const LstmAttrs& attrs, InferContext& context) {
  CheckProjection(context);
  const Dims state{context.In("X").dims[0], CheckLstm(attrs, context, "X", "Y")};
  const DType dtype = context.In("X").dtype;
  context.SetOut("Hidden", state, dtype);
  context.SetOut("Cell", state, ComputedDType(dtype));
  for (const auto slot : {"Hidden", "Cell"}) context.ShareLod("X", slot);
}

void InferGrad(const LstmAttrs& attrs, InferContext& context) {
  CheckProjection(context);
  CheckLstmStates(context, "X", CheckLstm(attrs, context, "X", "Y"));
  SetGradients(context, {"X", "Y", "YBias", "H0", "C0", "Weight", "Bias"});
}

template <bool kBackward>
Scratched Prepare(const CpuContext&, const LstmAttrs& attrs, const OpMetas& metas) {
  const LstmConfig config = ConfigOf(attrs, metas.In("Weight").dims[0]);
  const int64_t width = metas.In("X").dims[1];
  const Lod& lod = metas.In("X").lod;
  return {VisitMixedFloat(metas.In("X").dtype, [&]<class T>() {
    return kBackward ? ProjectedLstmGradScratch<T>(config, width, lod) : ProjectedLstmScratch<T>(config, width, lod);
  })};
}

void Run(const CpuContext&, const LstmAttrs& attrs, Scratched&, Scratch scratch, const Tensor& x, const Tensor& y,
         const Tensor* y_bias, const Tensor* h0, const Tensor* c0, const Tensor& weight, const Tensor& bias,
         Tensor& hidden, Tensor& cell) {
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    RunProjectedLstm<T>(ConfigOf(attrs, weight.dim(0)), x.lod(), ProjectionOf<T>(x, y, y_bias), weight.data<T>(),
                        {.bias = bias.data<Computed<T>>(),
                         .initial_hidden = DataOf<T>(h0),
                         .initial_cell = DataOf<Computed<T>>(c0),
                         .hidden = hidden.mutable_data<T>(),
                         .cell = cell.mutable_data<Computed<T>>()},
                        scratch.data);
  });
}

void RunGrad(const CpuContext&, const LstmAttrs& attrs, Scratched&, Scratch scratch, const Tensor& x, const Tensor& y,
             const Tensor* y_bias, const Tensor* h0, const Tensor* c0, const Tensor& weight, const Tensor& bias,
             const Tensor& hidden, const Tensor& cell, const Tensor& d_hidden, const Tensor* d_cell, Tensor* dx,
             Tensor* dy, Tensor* d_y_bias, Tensor* d_h0, Tensor* d_c0, Tensor* d_weight, Tensor* d_bias) {
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    using C = Computed<T>;
    RunProjectedLstmGrad<T>(ConfigOf(attrs, weight.dim(0)), x.lod(), ProjectionOf<T>(x, y, y_bias, dx, dy, d_y_bias),
                            weight.data<T>(),
                            {.bias = bias.data<C>(),
                             .initial_hidden = DataOf<T>(h0),
                             .initial_cell = DataOf<C>(c0),
                             .hidden = hidden.data<T>(),
                             .cell = cell.data<C>(),
                             .hidden_grad = d_hidden.data<T>(),
                             .cell_grad = DataOf<C>(d_cell),
                             .weight_grad = DataOf<T>(d_weight),
                             .bias_grad = DataOf<C>(d_bias),
                             .initial_hidden_grad = DataOf<T>(d_h0),
                             .initial_cell_grad = DataOf<C>(d_c0)},
                            scratch.data);
  });
}

const Registered kOp = RegisterOp<LstmAttrs>({
    .name = "fused_mul_lstm",
    .doc = "Product of rows and a weight, and long short-term memory over each sequence of what comes of it: lstm with "
           "Input = X Y + YBias, which is there for some steps at a time only. The gates are not kept; the gradient op "
           "computes them again. Takes the place of mul and lstm when a plan is made with the flag recompute_gates.",
    .inputs = {{"X", "LoDTensor [rows, width]; the last LoD level says which rows form a sequence."},
               {"Y", "Weight of the product, [width, 4 H]."},
               {"YBias", "[4 H]: added to each row of the product; zero if absent.", kOptional},
               {"H0", "[sequences, H]: h' of the first rows; zero if absent.", kOptional},
               {"C0", "[sequences, H]: c' of the first rows; zero if absent.", kOptional},
               {"Weight", "[H, 4 H]: W_c, W_i, W_f, W_o side by side."},
               {"Bias", "[1, 4 H]: b_c, b_i, b_f, b_o; with peepholes [1, 7 H]: w_ic, w_fc, w_oc behind."}},
    .outputs = {{"Hidden", "[rows, H] h, with X's LoD."}, {"Cell", "[rows, H] c, with X's LoD."}},
    .infer = Infer,
    .grad = LstmGrad,
});
const Registered kCpu = RegisterKernel("fused_mul_lstm", Prepare<false>, Run);

const Registered kGradOp = RegisterOp<LstmAttrs>({
    .name = "fused_mul_lstm_grad",
    .doc = "Gradient of fused_mul_lstm.",
    .inputs = {{"X", "Of the forward op."},
               {"Y", "Of the forward op."},
               {"YBias", "Of the forward op.", kOptional},
               {"H0", "Of the forward op.", kOptional},
               {"C0", "Of the forward op.", kOptional},
               {"Weight", "Of the forward op."},
               {"Bias", "Of the forward op."},
               {"Hidden", "Of the forward op."},
               {"Cell", "Of the forward op."},
               {"Hidden@GRAD", "Gradient of Hidden."},
               {"Cell@GRAD", "Gradient of Cell; zero if absent.", kOptional}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional},
                {"Y@GRAD", "Gradient of Y.", kOptional},
                {"YBias@GRAD", "Gradient of YBias.", kOptional},
                {"H0@GRAD", "Gradient of H0.", kOptional},
                {"C0@GRAD", "Gradient of C0.", kOptional},
                {"Weight@GRAD", "Gradient of Weight.", kOptional},
                {"Bias@GRAD", "Gradient of Bias.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("fused_mul_lstm_grad", Prepare<true>, RunGrad);

}  // namespace
}  // namespace paddle
