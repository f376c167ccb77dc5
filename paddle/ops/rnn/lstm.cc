// lstm: long short-term memory over the sequences of a LoDTensor.
#include "paddle/ops/rnn/lstm.h"

#include "paddle/math/panel.h"
#include "paddle/op/float_types.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/mixed.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace {

// Checks all inputs and returns the number of units.
int64_t CheckInputs(const LstmAttrs& attrs, const InferContext& context) {
  context.CheckDType("Input", kMixedFloats);
  context.CheckSameDType("Input", "Weight");
  context.CheckSameDType("Input", "H0");
  CheckComputedDType(context, "Input", "Bias");
  CheckComputedDType(context, "Input", "C0");
  context.CheckRank("Input", 2, 2);
  context.CheckRank("Weight", 2, 2);
  context.CheckRank("Bias", 2, 2);
  const Dims &input = context.In("Input").dims, &weight = context.In("Weight").dims, &bias = context.In("Bias").dims;
  const int64_t hidden = weight[0];
  ConfigOf(attrs, hidden);
  Require(hidden < 0 || SizesAgree(weight[1], 4 * hidden), "input Weight has shape ", weight, "; expected [", hidden,
          ", ", 4 * hidden, "]: four gates side by side");
  Require(hidden < 0 || SizesAgree(input[1], 4 * hidden), "input Input has shape ", input, "; expected [rows, ",
          4 * hidden, "], as wide as Weight ", weight);
  const int64_t bias_size = (attrs.use_peepholes ? 7 : 4) * hidden;
  Require(SizesAgree(bias[0], 1) && (hidden < 0 || SizesAgree(bias[1], bias_size)), "input Bias has shape ", bias,
          "; expected [1, ", bias_size, "] ", attrs.use_peepholes ? "with" : "without", " peepholes");
  Require(context.Has("H0") == context.Has("C0"), "inputs H0 and C0 belong together: give both or none");
  CheckInitialShape(context, "Input", "H0", hidden);
  CheckInitialShape(context, "Input", "C0", hidden);
  if (!context.building()) RequireLod(context, "Input");
  return hidden;
}

void Infer(const LstmAttrs& attrs, InferContext& context) {
  const int64_t hidden = CheckInputs(attrs, context);
  const Dims input = context.In("Input").dims;
  const DType dtype = context.In("Input").dtype;
  const Dims state{input[0], hidden};
  context.CopyMeta("Input", "BatchGate");
  for (const auto slot : {"Hidden", "Cell", "BatchCellPreAct"}) {
    context.SetOut(slot, state, slot == std::string_view("Hidden") ? dtype : ComputedDType(dtype));
    context.ShareLod("Input", slot);
  }
}

void InferGrad(const LstmAttrs& attrs, InferContext& context) {
  const int64_t hidden = CheckInputs(attrs, context);
  for (const auto slot : {"Hidden", "Cell", "Hidden@GRAD", "Cell@GRAD"}) {
    if (!context.Has(slot)) continue;
    const TensorMeta& meta = context.In(slot);
    const Dims expected{context.In("Input").dims[0], hidden};
    Require(DimsAgree(meta.dims, expected), "input ", slot, " has shape ", meta.dims, "; expected ", expected);
    if (std::string_view(slot).starts_with("Cell"))
      CheckComputedDType(context, "Input", slot);
    else
      context.CheckSameDType("Input", slot);
  }
  context.CheckSameDims("Input", "BatchGate");
  context.CheckSameDType("Input", "BatchGate");
  for (const auto slot : {"Input", "Weight", "Bias", "H0", "C0"})
    if (context.Has(slot)) context.SetOut(StrCat(slot, kGradSuffix), context.In(slot).dims, context.In(slot).dtype);
}

// Cell gets a gradient only where something after the op uses it.
void Grad(const LstmAttrs&, GradContext& context) {
  OpDesc& op = context.EmitDefault();
  const auto& cell = context.Out("Cell");
  if (cell.empty() || !context.HasGrad(cell[0])) op.SetInput("Cell@GRAD", {});
}

Scratched Prepare(const CpuContext&, const LstmAttrs&, const OpMetas& metas) {
  const int64_t hidden = metas.In("Weight").dims[0];
  return {VisitMixedFloat(metas.In("Weight").dtype,
                          [&]<class T>() { return PanelElements<T>(LstmForwardPanels(hidden)) * sizeof(T); })};
}

void Run(const CpuContext&, const LstmAttrs& attrs, Scratched&, Scratch scratch, const Tensor& input, const Tensor* h0,
         const Tensor* c0, const Tensor& weight, const Tensor& bias, Tensor& hidden, Tensor& cell, Tensor& gates,
         Tensor* shown_cell) {
  const LstmConfig config = ConfigOf(attrs, weight.dim(0));
  VisitMixedFloat(input.dtype(), [&]<class T>() {
    T* packed = reinterpret_cast<T*>(scratch.data);
    PackPanels(LstmForwardPanels(config.hidden), weight.data<T>(), packed);
    RunLstm<T>(config, input.lod(),
               {.input = input.data<T>(),
                .bias = bias.data<Computed<T>>(),
                .initial_hidden = DataOf<T>(h0),
                .initial_cell = DataOf<Computed<T>>(c0),
                .packed = packed,
                .gates = gates.mutable_data<T>(),
                .hidden = hidden.mutable_data<T>(),
                .cell = cell.mutable_data<Computed<T>>(),
                .shown_cell = DataOf<Computed<T>>(shown_cell)});
  });
}

// Bytes of the parts of the gradient kernel's scratch: the packed weight, the walk's, and gate gradients that nobody
// asked for.
struct GradScratch {
  size_t packed, walk, gates;
};

template <class T>
GradScratch GradScratchOf(const LstmConfig& config, const Lod& lod, bool input_grad) {
  return {PanelElements<T>(LstmBackwardPanels(config.hidden)) * sizeof(T),
          LstmBackwardScratch<T>(config, lod.sequences(lod.levels() - 1)),
          input_grad ? 0 : static_cast<size_t>(lod.rows() * 4 * config.hidden) * sizeof(T)};
}

Scratched PrepareGrad(const CpuContext&, const LstmAttrs& attrs, const OpMetas& metas) {
  const LstmConfig config = ConfigOf(attrs, metas.In("Weight").dims[0]);
  return {VisitMixedFloat(metas.In("Weight").dtype, [&]<class T>() {
    const GradScratch size = GradScratchOf<T>(config, metas.In("Input").lod, metas.HasOut("Input@GRAD"));
    return size.packed + size.walk + size.gates;
  })};
}

void RunGrad(const CpuContext&, const LstmAttrs& attrs, Scratched&, Scratch scratch, const Tensor*, const Tensor& gates,
             const Tensor& bias, const Tensor* c0, const Tensor& cell, const Tensor* d_cell, const Tensor* h0,
             const Tensor& hidden, const Tensor& d_hidden, const Tensor& input, const Tensor& weight, Tensor* d_bias,
             Tensor* d_c0, Tensor* d_h0, Tensor* d_input, Tensor* d_weight) {
  const LstmConfig config = ConfigOf(attrs, weight.dim(0));
  VisitMixedFloat(gates.dtype(), [&]<class T>() {
    const GradScratch size = GradScratchOf<T>(config, input.lod(), d_input != nullptr);
    T* packed = reinterpret_cast<T*>(scratch.data);
    PackPanels(LstmBackwardPanels(config.hidden), weight.data<T>(), packed);
    RunLstmGrad<T>(config, input.lod(),
                   {.bias = bias.data<Computed<T>>(),
                    .initial_hidden = DataOf<T>(h0),
                    .initial_cell = DataOf<Computed<T>>(c0),
                    .packed = packed,
                    .gates = gates.data<T>(),
                    .hidden = hidden.data<T>(),
                    .cell = cell.data<Computed<T>>(),
                    .hidden_grad = d_hidden.data<T>(),
                    .cell_grad = DataOf<Computed<T>>(d_cell),
                    .input_grad = d_input ? d_input->mutable_data<T>()
                                          : reinterpret_cast<T*>(scratch.data + size.packed + size.walk),
                    .weight_grad = DataOf<T>(d_weight),
                    .bias_grad = DataOf<Computed<T>>(d_bias),
                    .initial_hidden_grad = DataOf<T>(d_h0),
                    .initial_cell_grad = DataOf<Computed<T>>(d_c0),
                    .scratch = scratch.data + size.packed});
  });
}

const Registered kOp = RegisterOp<LstmAttrs>({
    .name = "lstm",
    .doc = "Long short-term memory over each sequence, without padding. With h', c' of the row before: c~ = "
           "candidate(x_c + h' W_c + b_c), i = gate(x_i + "
           "h' W_i + w_ic c' + b_i), f = gate(x_f + h' W_f + w_fc c' + b_f), c = f c' + i c~, o = gate(x_o + h' W_o + "
           "w_oc c + b_o), h = o cell(c). "
           "Hochreiter and Schmidhuber 1997; the terms in w, peepholes, Gers et al. 2002. With Input, Weight and H0 of "
           "bfloat16, Hidden and BatchGate are of it too; Bias, C0, Cell and all sums are float32.",
    .inputs = {{"Input",
                "LoDTensor [rows, 4 H]: what each row adds to the gates, in the order c~, i, f, o; usually the product "
                "of a row and a weight."},
               {"H0", "[sequences, H]: h' of the first rows; zero if absent.", kOptional},
               {"C0", "[sequences, H]: c' of the first rows; zero if absent.", kOptional},
               {"Weight", "[H, 4 H]: W_c, W_i, W_f, W_o side by side."},
               {"Bias", "[1, 4 H]: b_c, b_i, b_f, b_o; with peepholes [1, 7 H]: w_ic, w_fc, w_oc behind."}},
    .outputs = {{"Hidden", "[rows, H] h, with Input's LoD."},
                {"Cell", "[rows, H] c, with Input's LoD."},
                {"BatchGate", "[rows, 4 H] c~, i, f, o, for the gradient; rows in Input's order.", kIntermediate},
                {"BatchCellPreAct", "[rows, H] cell(c); computed only where something reads it.", kIntermediate}},
    .infer = Infer,
    .grad = Grad,
    .may_share = {{"BatchGate", "Input"}},
});
const Registered kCpu = RegisterKernel("lstm", Prepare, Run);

const Registered kGradOp = RegisterOp<LstmAttrs>({
    .name = "lstm_grad",
    .doc = "Gradient of lstm.",
    .inputs = {{"BatchCellPreAct", "Of the forward op; not read, it is computed again.", kUnread},
               {"BatchGate", "Of the forward op."},
               {"Bias", "Of the forward op."},
               {"C0", "Of the forward op.", kOptional},
               {"Cell", "Of the forward op."},
               {"Cell@GRAD", "Gradient of Cell; zero if absent.", kOptional},
               {"H0", "Of the forward op.", kOptional},
               {"Hidden", "Of the forward op."},
               {"Hidden@GRAD", "Gradient of Hidden."},
               {"Input", "Of the forward op.", kMetaOnly},
               {"Weight", "Of the forward op."}},
    .outputs = {{"Bias@GRAD", "Gradient of Bias.", kOptional},
                {"C0@GRAD", "Gradient of C0.", kOptional},
                {"H0@GRAD", "Gradient of H0.", kOptional},
                {"Input@GRAD", "Gradient of Input.", kOptional},
                {"Weight@GRAD", "Gradient of Weight.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"Input@GRAD", "BatchGate"}},
});
const Registered kGradCpu = RegisterKernel("lstm_grad", PrepareGrad, RunGrad);

}  // namespace
}  // namespace paddle
