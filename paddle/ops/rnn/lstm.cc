// lstm: long short-term memory over the sequences of a LoDTensor.
#include "paddle/ops/rnn/lstm.h"

#include "paddle/math/panel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Infer(const LstmAttrs& attrs, InferContext& context) {
  const int64_t hidden = CheckLstm(attrs, context, "Input", "Input");
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
  CheckLstmStates(context, "Input", CheckLstm(attrs, context, "Input", "Input"));
  context.CheckSameDims("Input", "BatchGate");
  context.CheckSameDType("Input", "BatchGate");
  SetGradients(context, {"Input", "Weight", "Bias", "H0", "C0"});
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
    .grad = LstmGrad,
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
