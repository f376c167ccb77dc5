// gru with the product in front of it, a chunk of steps at a time. No program names this op: the pass recompute_gates
// puts it in the place of mul and gru.
#include "paddle/math/projected_gru.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/fused_mul.h"
#include "paddle/ops/rnn/gru.h"

namespace paddle {
namespace {

void Infer(const GruAttrs& attrs, InferContext& context) {
  CheckProjection(context);
  context.SetOut("Hidden", Dims{context.In("X").dims[0], CheckGru(attrs, context, "X", "Y")}, context.In("X").dtype);
  context.ShareLod("X", "Hidden");
}

void InferGrad(const GruAttrs& attrs, InferContext& context) {
  CheckProjection(context);
  CheckGruStates(context, "X", CheckGru(attrs, context, "X", "Y"));
  SetGradients(context, {"X", "Y", "YBias", "H0", "Weight", "Bias"});
}

template <bool kBackward>
Scratched Prepare(const CpuContext&, const GruAttrs& attrs, const OpMetas& metas) {
  const GruConfig config = ConfigOf(attrs, metas.In("Weight").dims[0]);
  const int64_t width = metas.In("X").dims[1];
  const Lod& lod = metas.In("X").lod;
  return {VisitMixedFloat(metas.In("X").dtype, [&]<class T>() {
    return kBackward ? ProjectedGruGradScratch<T>(config, width, lod) : ProjectedGruScratch<T>(config, width, lod);
  })};
}

void Run(const CpuContext&, const GruAttrs& attrs, Scratched&, Scratch scratch, const Tensor& x, const Tensor& y,
         const Tensor* y_bias, const Tensor* h0, const Tensor& weight, const Tensor* bias, Tensor& hidden) {
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    RunProjectedGru<T>(
        ConfigOf(attrs, weight.dim(0)), x.lod(), ProjectionOf<T>(x, y, y_bias), weight.data<T>(),
        {.bias = DataOf<Computed<T>>(bias), .initial_hidden = DataOf<T>(h0), .hidden = hidden.mutable_data<T>()},
        scratch.data);
  });
}

void RunGrad(const CpuContext&, const GruAttrs& attrs, Scratched&, Scratch scratch, const Tensor& x, const Tensor& y,
             const Tensor* y_bias, const Tensor* h0, const Tensor& weight, const Tensor* bias, const Tensor& hidden,
             const Tensor& d_hidden, Tensor* dx, Tensor* dy, Tensor* d_y_bias, Tensor* d_h0, Tensor* d_weight,
             Tensor* d_bias) {
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    RunProjectedGruGrad<T>(ConfigOf(attrs, weight.dim(0)), x.lod(), ProjectionOf<T>(x, y, y_bias, dx, dy, d_y_bias),
                           weight.data<T>(), DataOf<Computed<T>>(bias),
                           {.initial_hidden = DataOf<T>(h0),
                            .hidden = hidden.data<T>(),
                            .hidden_grad = d_hidden.data<T>(),
                            .weight_grad = DataOf<T>(d_weight),
                            .bias_grad = DataOf<Computed<T>>(d_bias),
                            .initial_hidden_grad = DataOf<T>(d_h0)},
                           scratch.data);
  });
}

const Registered kOp = RegisterOp<GruAttrs>({
    .name = "fused_mul_gru",
    .doc = "Product of rows and a weight, and gated recurrent units over each sequence of what comes of it: gru with "
           "Input = X Y + YBias, which is there for some steps at a time only. The gates are not kept; the gradient op "
           "computes them again. Takes the place of mul and gru when a plan is made with the flag recompute_gates.",
    .inputs =
        {{"X", "LoDTensor [rows, width]; the last LoD level says which rows form a sequence."},
         {"Y", "Weight of the product, [width, 3 H]."},
         {"YBias", "[3 H]: added to each row of the product; zero if absent.", kOptional},
         {"H0", "[sequences, H]: h' of the first rows; zero if absent.", kOptional},
         {"Weight",
          "[H, 3 H], read as two matrices one behind the other: [H, 2 H], W_u and W_r side by side, and [H, H], W_c."},
         {"Bias", "[1, 3 H]: b_u, b_r, b_c; zero if absent.", kOptional}},
    .outputs = {{"Hidden", "[rows, H] h, with X's LoD."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("fused_mul_gru", Prepare<false>, Run);

const Registered kGradOp = RegisterOp<GruAttrs>({
    .name = "fused_mul_gru_grad",
    .doc = "Gradient of fused_mul_gru.",
    .inputs = {{"X", "Of the forward op."},
               {"Y", "Of the forward op."},
               {"YBias", "Of the forward op.", kOptional},
               {"H0", "Of the forward op.", kOptional},
               {"Weight", "Of the forward op."},
               {"Bias", "Of the forward op.", kOptional},
               {"Hidden", "Of the forward op."},
               {"Hidden@GRAD", "Gradient of Hidden."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional},
                {"Y@GRAD", "Gradient of Y.", kOptional},
                {"YBias@GRAD", "Gradient of YBias.", kOptional},
                {"H0@GRAD", "Gradient of H0.", kOptional},
                {"Weight@GRAD", "Gradient of Weight.", kOptional},
                {"Bias@GRAD", "Gradient of Bias.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("fused_mul_gru_grad", Prepare<true>, RunGrad);

}  // namespace
}  // namespace paddle
