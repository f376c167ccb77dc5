// gru: gated recurrent units over the sequences of a LoDTensor.
#include "paddle/ops/rnn/gru.h"

#include "paddle/op/float_types.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/mixed.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace {

// Checks all inputs and returns the number of units.
int64_t CheckInputs(const GruAttrs& attrs, const InferContext& context) {
  context.CheckDType("Input", kMixedFloats);
  context.CheckSameDType("Input", "Weight");
  CheckComputedDType(context, "Input", "Bias");
  context.CheckRank("Input", 2, 2);
  context.CheckRank("Weight", 2, 2);
  const Dims &input = context.In("Input").dims, &weight = context.In("Weight").dims;
  const int64_t hidden = weight[0];
  ConfigOf(attrs, hidden);
  Require(hidden < 0 || SizesAgree(weight[1], 3 * hidden), "input Weight has shape ", weight, "; expected [", hidden,
          ", ", 3 * hidden, "]");
  Require(hidden < 0 || SizesAgree(input[1], 3 * hidden), "input Input has shape ", input, "; expected [rows, ",
          3 * hidden, "], as wide as Weight ", weight);
  if (context.Has("Bias")) {
    context.CheckRank("Bias", 2, 2);
    const Dims& bias = context.In("Bias").dims;
    Require(SizesAgree(bias[0], 1) && (hidden < 0 || SizesAgree(bias[1], 3 * hidden)), "input Bias has shape ", bias,
            "; expected [1, ", 3 * hidden, "]");
  }
  if (!context.building()) RequireLod(context, "Input");
  CheckInitialState(context, "Input", "H0", hidden);
  return hidden;
}

void Infer(const GruAttrs& attrs, InferContext& context) {
  const int64_t hidden = CheckInputs(attrs, context);
  const Dims input = context.In("Input").dims;
  const DType dtype = context.In("Input").dtype;
  context.SetOut("BatchGate", input, dtype);
  for (const auto slot : {"BatchResetHiddenPrev", "BatchHidden", "Hidden"})
    context.SetOut(slot, Dims{input[0], hidden}, dtype);
  context.ShareLod("Input", "Hidden");
}

void InferGrad(const GruAttrs& attrs, InferContext& context) {
  const int64_t hidden = CheckInputs(attrs, context);
  for (const auto slot : {"Hidden", "Hidden@GRAD"}) {
    const TensorMeta& meta = context.In(slot);
    const Dims expected{context.In("Input").dims[0], hidden};
    Require(DimsAgree(meta.dims, expected), "input ", slot, " has shape ", meta.dims, "; expected ", expected);
    context.CheckSameDType("Input", slot);
  }
  context.CheckSameDims("Input", "BatchGate");
  context.CheckSameDType("Input", "BatchGate");
  for (const auto slot : {"Input", "Weight", "Bias", "H0"})
    if (context.Has(slot)) context.SetOut(StrCat(slot, kGradSuffix), context.In(slot).dims, context.In(slot).dtype);
}

int64_t SequencesOf(const Lod& lod) { return lod.sequences(lod.levels() - 1); }

Scratched Prepare(const CpuContext&, const GruAttrs&, const OpMetas& metas) {
  const int64_t hidden = metas.In("Weight").dims[0];
  const int64_t reset_hidden = metas.HasOut("BatchResetHiddenPrev") ? 0 : SequencesOf(metas.In("Input").lod) * hidden;
  return {VisitMixedFloat(metas.In("Weight").dtype,
                          [&]<class T>() { return (GruPackedElements<T>(hidden, false) + reset_hidden) * sizeof(T); })};
}

void Run(const CpuContext&, const GruAttrs& attrs, Scratched&, Scratch scratch, const Tensor& input, const Tensor* h0,
         const Tensor& weight, const Tensor* bias, Tensor& gates, Tensor* reset_hidden, Tensor* batch_hidden,
         Tensor& hidden) {
  const GruConfig config = ConfigOf(attrs, weight.dim(0));
  VisitMixedFloat(input.dtype(), [&]<class T>() {
    T* packed = reinterpret_cast<T*>(scratch.data);
    RunGru<T>(config, input.lod(),
              {.input = input.data<T>(),
               .bias = DataOf<Computed<T>>(bias),
               .initial_hidden = DataOf<T>(h0),
               .packed = PackGru(config.hidden, false, weight.data<T>(), packed),
               .gates = gates.mutable_data<T>(),
               .reset_hidden = DataOf<T>(reset_hidden),
               .batch_hidden = DataOf<T>(batch_hidden),
               .hidden = hidden.mutable_data<T>(),
               .scratch = packed + GruPackedElements<T>(config.hidden, false)});
  });
}

// Bytes of the parts of the gradient kernel's scratch: the packed weight, the walk's, and gate gradients that nobody
// asked for.
struct GradScratch {
  size_t packed, walk, gates;
};

template <class T>
GradScratch GradScratchOf(const GruConfig& config, const Lod& lod, bool input_grad) {
  return {GruPackedElements<T>(config.hidden, true) * sizeof(T),
          GruBackwardScratch<T>(config, lod.rows(), SequencesOf(lod)),
          input_grad ? 0 : static_cast<size_t>(lod.rows() * 3 * config.hidden) * sizeof(T)};
}

Scratched PrepareGrad(const CpuContext&, const GruAttrs& attrs, const OpMetas& metas) {
  const GruConfig config = ConfigOf(attrs, metas.In("Weight").dims[0]);
  return {VisitMixedFloat(metas.In("Weight").dtype, [&]<class T>() {
    const GradScratch size = GradScratchOf<T>(config, metas.In("Input").lod, metas.HasOut("Input@GRAD"));
    return size.packed + size.walk + size.gates;
  })};
}

void RunGrad(const CpuContext&, const GruAttrs& attrs, Scratched&, Scratch scratch, const Tensor& gates, const Tensor*,
             const Tensor*, const Tensor*, const Tensor* h0, const Tensor& hidden, const Tensor& d_hidden,
             const Tensor& input, const Tensor& weight, Tensor* d_bias, Tensor* d_h0, Tensor* d_input,
             Tensor* d_weight) {
  const GruConfig config = ConfigOf(attrs, weight.dim(0));
  VisitMixedFloat(gates.dtype(), [&]<class T>() {
    const GradScratch size = GradScratchOf<T>(config, input.lod(), d_input != nullptr);
    T* packed = reinterpret_cast<T*>(scratch.data);
    RunGruGrad<T>(config, input.lod(),
                  {.initial_hidden = DataOf<T>(h0),
                   .packed = PackGru(config.hidden, true, weight.data<T>(), packed),
                   .gates = gates.data<T>(),
                   .hidden = hidden.data<T>(),
                   .hidden_grad = d_hidden.data<T>(),
                   .input_grad = d_input ? d_input->mutable_data<T>()
                                         : reinterpret_cast<T*>(scratch.data + size.packed + size.walk),
                   .weight_grad = DataOf<T>(d_weight),
                   .bias_grad = DataOf<Computed<T>>(d_bias),
                   .initial_hidden_grad = DataOf<T>(d_h0),
                   .scratch = scratch.data + size.packed});
  });
}

const Registered kOp = RegisterOp<GruAttrs>({
    .name = "gru",
    .doc =
        "Gated recurrent units over each sequence, without padding. With h' of the row before: u = gate(x_u + h' "
        "W_u + b_u), r = gate(x_r + h' W_r + b_r), "
        "c = activation(x_c + (r h') W_c + b_c), h = (1 - u) h' + u c. Cho et al. 2014. With Input, Weight and H0 of "
        "bfloat16, the outputs are of it too; Bias and all sums are float32.",
    .inputs =
        {{"Input", "LoDTensor [rows, 3 H]: what each row adds to u, r, c; usually the product of a row and a weight."},
         {"H0", "[sequences, H]: h' of the first rows; zero if absent.", kOptional},
         {"Weight",
          "[H, 3 H], read as two matrices one behind the other: [H, 2 H], W_u and W_r side by side, and [H, H], W_c."},
         {"Bias", "[1, 3 H]: b_u, b_r, b_c; zero if absent.", kOptional}},
    .outputs = {{"BatchGate",
                 "[rows, 3 H] u, r, c by step: all sequences' first steps, the longest sequence first, then all second "
                 "steps, and so on.",
                 kIntermediate},
                {"BatchResetHiddenPrev", "[rows, H] r h' by step; computed only where something reads it.",
                 kIntermediate},
                {"BatchHidden", "[rows, H] h by step; computed only where something reads it.", kIntermediate},
                {"Hidden", "[rows, H] h, with Input's LoD."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("gru", Prepare, Run);

const Registered kGradOp = RegisterOp<GruAttrs>({
    .name = "gru_grad",
    .doc = "Gradient of gru.",
    .inputs = {{"BatchGate", "Of the forward op."},
               {"BatchHidden", "Of the forward op; not read.", kUnread},
               {"BatchResetHiddenPrev", "Of the forward op; not read, it is computed again.", kUnread},
               {"Bias", "Of the forward op.", kOptional | kMetaOnly},
               {"H0", "Of the forward op.", kOptional},
               {"Hidden", "Of the forward op."},
               {"Hidden@GRAD", "Gradient of Hidden."},
               {"Input", "Of the forward op.", kMetaOnly},
               {"Weight", "Of the forward op."}},
    .outputs = {{"Bias@GRAD", "Gradient of Bias.", kOptional},
                {"H0@GRAD", "Gradient of H0.", kOptional},
                {"Input@GRAD", "Gradient of Input.", kOptional},
                {"Weight@GRAD", "Gradient of Weight.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("gru_grad", PrepareGrad, RunGrad);

}  // namespace
}  // namespace paddle
