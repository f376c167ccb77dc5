// lstmp: long short-term memory with a projection, over the sequences of a LoDTensor.
#include "paddle/math/lstmp.h"

#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace {

struct LstmpAttrs {
  bool use_peepholes = true;
  bool is_reverse = false;
  float cell_clip = 0;
  float proj_clip = 0;
  std::string gate_activation = "sigmoid";
  std::string cell_activation = "tanh";
  std::string candidate_activation = "tanh";
  std::string proj_activation = "tanh";

  static auto Fields() {
    using A = LstmpAttrs;
    return std::tuple{
        Field{"use_peepholes", &A::use_peepholes,
              "Whether the gates see the cell: Bias holds three weights more for each unit."},
        Field{"is_reverse", &A::is_reverse,
              "Whether each sequence is read from its last row to its first. The rows of the outputs stay in place."},
        Field{"cell_clip", &A::cell_clip, "The cell is clipped to [-cell_clip, cell_clip]; not where it is 0 or less."},
        Field{"proj_clip", &A::proj_clip,
              "The projection is clipped to [-proj_clip, proj_clip]; not where it is 0 or less."},
        Field{"gate_activation", &A::gate_activation, "Of the three gates: sigmoid, tanh, relu or identity."},
        Field{"cell_activation", &A::cell_activation,
              "Of the cell on its way to the hidden state: sigmoid, tanh, relu or identity."},
        Field{"candidate_activation", &A::candidate_activation,
              "Of the cell's candidate: sigmoid, tanh, relu or identity."},
        Field{"proj_activation", &A::proj_activation, "Of the projection: sigmoid, tanh, relu or identity."}};
  }
};

LstmpConfig Config(const LstmpAttrs& attrs, int64_t units, int64_t projected) {
  return {.units = units,
          .projected = projected,
          .peepholes = attrs.use_peepholes,
          .reverse = attrs.is_reverse,
          .cell_clip = attrs.cell_clip,
          .projection_clip = attrs.proj_clip,
          .gate = ToGate(attrs.gate_activation, "gate_activation"),
          .cell = ToGate(attrs.cell_activation, "cell_activation"),
          .candidate = ToGate(attrs.candidate_activation, "candidate_activation"),
          .projection = ToGate(attrs.proj_activation, "proj_activation")};
}

struct Sizes {
  int64_t units, projected;
};

Sizes SizesOf(const OpMetas& metas) {
  const Dims& dims = metas.In("ProjWeight").dims;
  return {dims[0], dims[1]};
}

// Checks the weights, and the states before the first rows of the sequences of `sequences`.
void CheckWeights(const LstmpAttrs& attrs, const InferContext& context, std::string_view sequences) {
  context.CheckDType("Weight", kFloats);
  for (const auto slot : {"Weight", "ProjWeight", "Bias"}) {
    context.CheckSameDType("Weight", slot);
    context.CheckRank(slot, 2, 2);
  }
  const auto [units, projected] = SizesOf(context);
  Config(attrs, units, projected);
  CheckDims(context, "Weight", {projected, units < 0 ? -1 : 4 * units});
  const int64_t bias_size = (attrs.use_peepholes ? 7 : 4) * units;
  const Dims& bias = context.In("Bias").dims;
  Require(SizesAgree(bias[0], 1) && (units < 0 || SizesAgree(bias[1], bias_size)), "input Bias has shape ", bias,
          "; expected [1, ", bias_size, "] ", attrs.use_peepholes ? "with" : "without", " peepholes");
  CheckInitialState(context, sequences, "H0", projected);
  CheckInitialState(context, sequences, "C0", units);
}

void Infer(const LstmpAttrs& attrs, InferContext& context) {
  context.CheckSameDType("Weight", "Input");
  context.CheckRank("Input", 2, 2);
  if (!context.building()) RequireLod(context, "Input");
  CheckWeights(attrs, context, "Input");
  const auto [units, projected] = SizesOf(context);
  CheckDims(context, "Input", {-1, units < 0 ? -1 : 4 * units});
  const int64_t rows = context.In("Input").dims[0];
  const DType dtype = context.In("Input").dtype;
  context.SetOut("Projection", {rows, projected}, dtype);
  for (const auto slot : {"Cell", "BatchCellPreAct", "BatchHidden"}) context.SetOut(slot, {rows, units}, dtype);
  context.SetOut("BatchGate", {rows, units < 0 ? -1 : 4 * units}, dtype);
  for (const auto slot : {"Projection", "Cell"}) context.ShareLod("Input", slot);
}

void InferGrad(const LstmpAttrs& attrs, InferContext& context) {
  CheckWeights(attrs, context, "Projection");
  context.CheckRank("Projection", 2, 2);
  if (!context.building()) RequireLod(context, "Projection");
  const auto [units, projected] = SizesOf(context);
  const int64_t rows = context.In("Projection").dims[0], width = units < 0 ? -1 : 4 * units;
  for (const auto slot : {"Projection", "Projection@GRAD"}) CheckDims(context, slot, {rows, projected});
  for (const auto slot : {"Cell", "Cell@GRAD", "BatchHidden"})
    if (context.Has(slot)) CheckDims(context, slot, {rows, units});
  CheckDims(context, "BatchGate", {rows, width});
  for (const auto slot : {"Projection", "Projection@GRAD", "Cell", "Cell@GRAD", "BatchHidden", "BatchGate"})
    if (context.Has(slot)) context.CheckSameDType("Weight", slot);
  context.SetOut("Input@GRAD", {rows, width}, context.In("Weight").dtype);
  for (const auto slot : {"Weight", "ProjWeight", "Bias", "H0", "C0"})
    if (context.Has(slot)) context.SetOut(StrCat(slot, kGradSuffix), context.In(slot).dims, context.In(slot).dtype);
}

// Cell gets a gradient only where something after the op uses it.
void Grad(const LstmpAttrs&, GradContext& context) {
  OpDesc& op = context.EmitDefault();
  const auto& cell = context.Out("Cell");
  if (cell.empty() || !context.HasGrad(cell[0])) op.SetInput("Cell@GRAD", {});
}

Scratched Prepare(const CpuContext&, const LstmpAttrs&, const OpMetas& metas) {
  const auto [units, projected] = SizesOf(metas);
  const TensorMeta& input = metas.In("Input");
  return {static_cast<size_t>(input.lod.last_sequences() * (units + projected)) * SizeOf(input.dtype)};
}

void Run(const CpuContext&, const LstmpAttrs& attrs, Scratched&, Scratch scratch, const Tensor& input, const Tensor* h0,
         const Tensor* c0, const Tensor& weight, const Tensor& proj_weight, const Tensor& bias, Tensor& projection,
         Tensor& cell, Tensor& gates, Tensor* shown_cell, Tensor& hidden) {
  VisitFloat(input.dtype(), [&]<class T>() {
    RunLstmp<T>(Config(attrs, proj_weight.dim(0), proj_weight.dim(1)), input.lod(),
                {.input = input.data<T>(),
                 .weight = weight.data<T>(),
                 .projection_weight = proj_weight.data<T>(),
                 .bias = bias.data<T>(),
                 .initial_projection = DataOf<T>(h0),
                 .initial_cell = DataOf<T>(c0),
                 .gates = gates.mutable_data<T>(),
                 .hidden = hidden.mutable_data<T>(),
                 .shown_cell = DataOf<T>(shown_cell),
                 .projection = projection.mutable_data<T>(),
                 .cell = cell.mutable_data<T>(),
                 .scratch = reinterpret_cast<T*>(scratch.data)});
  });
}

Scratched PrepareGrad(const CpuContext&, const LstmpAttrs& attrs, const OpMetas& metas) {
  const auto [units, projected] = SizesOf(metas);
  const TensorMeta& projection = metas.In("Projection");
  return {LstmpBackwardScratch(Config(attrs, units, projected), projection.dims[0], projection.lod.last_sequences()) *
          SizeOf(projection.dtype)};
}

void RunGrad(const CpuContext&, const LstmpAttrs& attrs, Scratched&, Scratch scratch, const Tensor*,
             const Tensor& gates, const Tensor& hidden, const Tensor& bias, const Tensor* c0, const Tensor& cell,
             const Tensor* d_cell, const Tensor* h0, const Tensor& proj_weight, const Tensor& projection,
             const Tensor& d_projection, const Tensor& weight, Tensor* d_bias, Tensor* d_c0, Tensor* d_h0,
             Tensor* d_input, Tensor* d_proj_weight, Tensor* d_weight) {
  VisitFloat(gates.dtype(), [&]<class T>() {
    RunLstmpGrad<T>(Config(attrs, proj_weight.dim(0), proj_weight.dim(1)), projection.lod(),
                    {.weight = weight.data<T>(),
                     .projection_weight = proj_weight.data<T>(),
                     .bias = bias.data<T>(),
                     .initial_projection = DataOf<T>(h0),
                     .initial_cell = DataOf<T>(c0),
                     .gates = gates.data<T>(),
                     .hidden = hidden.data<T>(),
                     .projection = projection.data<T>(),
                     .cell = cell.data<T>(),
                     .projection_grad = d_projection.data<T>(),
                     .cell_grad = DataOf<T>(d_cell),
                     .input_grad = DataOf<T>(d_input),
                     .weight_grad = DataOf<T>(d_weight),
                     .projection_weight_grad = DataOf<T>(d_proj_weight),
                     .bias_grad = DataOf<T>(d_bias),
                     .initial_projection_grad = DataOf<T>(d_h0),
                     .initial_cell_grad = DataOf<T>(d_c0),
                     .scratch = reinterpret_cast<T*>(scratch.data)});
  });
}

const Registered kOp = RegisterOp<LstmpAttrs>({
    .name = "lstmp",
    .doc = "Long short-term memory with a projection over each sequence, without padding. With p', c' of the row "
           "before: c~ = candidate(x_c + p' W_c + b_c), i = gate(x_i + p' W_i + w_ic c' + b_i), f = gate(x_f + p' W_f "
           "+ w_fc c' + b_f), c = f c' + i c~, o = gate(x_o + p' W_o + w_oc c + b_o), h = o cell(c), p = "
           "projection(h ProjWeight). Sak et al. 2014.",
    .inputs = {{"Input",
                "LoDTensor [rows, 4 D]: what each row adds to the gates, in the order c~, i, f, o; usually the product "
                "of a row and a weight."},
               {"H0", "[sequences, P]: p' of the first rows; zero if absent.", kOptional},
               {"C0", "[sequences, D]: c' of the first rows; zero if absent.", kOptional},
               {"Weight", "[P, 4 D]: W_c, W_i, W_f, W_o side by side."},
               {"ProjWeight", "[D, P]: from h to p."},
               {"Bias", "[1, 4 D]: b_c, b_i, b_f, b_o; with peepholes [1, 7 D]: w_ic, w_fc, w_oc behind."}},
    .outputs = {{"Projection", "[rows, P] p, with Input's LoD."},
                {"Cell", "[rows, D] c, with Input's LoD."},
                {"BatchGate",
                 "[rows, 4 D] c~, i, f, o by step: all sequences' first steps, the longest sequence first, then all "
                 "second steps, and so on.",
                 kIntermediate},
                {"BatchCellPreAct", "[rows, D] cell(c) by step; computed only where something reads it.",
                 kIntermediate},
                {"BatchHidden", "[rows, D] h by step.", kIntermediate}},
    .infer = Infer,
    .grad = Grad,
});
const Registered kCpu = RegisterKernel("lstmp", Prepare, Run);

const Registered kGradOp = RegisterOp<LstmpAttrs>({
    .name = "lstmp_grad",
    .doc = "Gradient of lstmp. What was clipped gets none.",
    .inputs = {{"BatchCellPreAct", "Of the forward op; not read, it is computed again.", kUnread},
               {"BatchGate", "Of the forward op."},
               {"BatchHidden", "Of the forward op."},
               {"Bias", "Of the forward op."},
               {"C0", "Of the forward op.", kOptional},
               {"Cell", "Of the forward op."},
               {"Cell@GRAD", "Gradient of Cell; zero if absent.", kOptional},
               {"H0", "Of the forward op.", kOptional},
               {"ProjWeight", "Of the forward op."},
               {"Projection", "Of the forward op."},
               {"Projection@GRAD", "Gradient of Projection."},
               {"Weight", "Of the forward op."}},
    .outputs = {{"Bias@GRAD", "Gradient of Bias.", kOptional},
                {"C0@GRAD", "Gradient of C0.", kOptional},
                {"H0@GRAD", "Gradient of H0.", kOptional},
                {"Input@GRAD", "Gradient of Input.", kOptional},
                {"ProjWeight@GRAD", "Gradient of ProjWeight.", kOptional},
                {"Weight@GRAD", "Gradient of Weight.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("lstmp_grad", PrepareGrad, RunGrad);

}  // namespace
}  // namespace paddle
