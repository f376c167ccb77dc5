// fusion_gru: the input projection and gru in one. For inference: it has no gradient.
#include "paddle/math/gemm.h"
#include "paddle/math/gru.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/fusion.h"

namespace paddle {
namespace {

struct FusionGruAttrs {
  std::string activation = "tanh";
  std::string gate_activation = "sigmoid";
  bool is_reverse = false;
  bool use_seq = true;
  bool origin_mode = false;

  static auto Fields() {
    using A = FusionGruAttrs;
    return std::tuple{
        Field{"activation", &A::activation, "Of the candidate: sigmoid, tanh, relu or identity."},
        Field{"gate_activation", &A::gate_activation,
              "Of the update and the reset gate: sigmoid, tanh, relu or identity."},
        Field{"is_reverse", &A::is_reverse,
              "Whether each sequence is read from its last row to its first. The rows of Hidden stay in place."},
        Field{"use_seq", &A::use_seq, kUseSeqDoc},
        Field{"origin_mode", &A::origin_mode,
              "Not looked at, as in 1.8.5: h = (1 - u) h' + u c whatever it says. The op gru does look at it."}};
  }
};

GruConfig Config(const FusionGruAttrs& attrs, int64_t hidden) {
  return {.hidden = hidden,
          .reverse = attrs.is_reverse,
          .gate = ToGate(attrs.gate_activation, "gate_activation"),
          .candidate = ToGate(attrs.activation, "activation")};
}

void Infer(const FusionGruAttrs& attrs, InferContext& context) {
  const int64_t units = CheckRecurrent(context, "X", "X", 3, {"H0"}), width = units < 0 ? -1 : 3 * units;
  Config(attrs, units);
  CheckProjection(context, 3, units);
  context.CheckSameDType("X", "Bias");
  if (context.Has("Bias")) CheckDims(context, "Bias", {1, width});
  context.SetOut("Hidden", {context.In("X").dims[0], units}, context.In("X").dtype);
  context.ShareLod("X", "Hidden");
  SetIntermediates(context, "X", "X", width, {"ReorderedH0", "BatchedInput", "BatchedOut"});
}

// The scratch holds the product's, then as elements the packed weight, the gates by step and r h' of one step.
struct GruState {
  PreparedGemm projection;
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

// Where the elements begin in the scratch: as vectors are loaded.
size_t ElementsBegin(const PreparedGemm& projection) { return (projection.scratch_bytes() + 63) / 64 * 64; }

GruState Prepare(const CpuContext&, const FusionGruAttrs&, const OpMetas& metas) {
  const TensorMeta& x = metas.In("X");
  const int64_t units = metas.In("WeightH").dims[0], rows = x.dims[0];
  GruState state{
      PreparedGemm(x.dtype, {.m = rows, .n = 3 * units, .k = x.dims[1]}, 1, 0, 0, metas.IsWeight("WeightX"))};
  const int64_t kept = (3 * rows + x.lod.last_sequences()) * units;
  state.bytes = ElementsBegin(state.projection) + VisitFloat(x.dtype, [&]<class T>() {
                  return (GruPackedElements<T>(units, false) + static_cast<size_t>(kept)) * sizeof(T);
                });
  return state;
}

void Run(const CpuContext&, const FusionGruAttrs& attrs, GruState& state, Scratch scratch, const Tensor& x,
         const Tensor* h0, const Tensor& weight_x, const Tensor& weight_h, const Tensor* bias, Tensor*, Tensor& xx,
         Tensor*, Tensor*, Tensor& hidden) {
  const GruConfig config = Config(attrs, weight_h.dim(0));
  VisitFloat(x.dtype(), [&]<class T>() {
    T* projected = xx.mutable_data<T>();
    state.projection.Run(x.data<T>(), weight_x, projected, scratch.data);
    T* packed = reinterpret_cast<T*>(scratch.data + ElementsBegin(state.projection));
    T* gates = packed + GruPackedElements<T>(config.hidden, false);
    RunGru<T>(config, x.lod(),
              {.input = projected,
               .bias = DataOf<T>(bias),
               .initial_hidden = DataOf<T>(h0),
               .packed = PackGru(config.hidden, false, weight_h.data<T>(), packed),
               .gates = gates,
               .hidden = hidden.mutable_data<T>(),
               .scratch = gates + x.dim(0) * 3 * config.hidden});
  });
}

const Registered kOp = RegisterOp<FusionGruAttrs>({
    .name = "fusion_gru",
    .doc = "The input projection X WeightX and gated recurrent units over each sequence in one: gru with this product "
           "for Input and origin_mode false. For inference.",
    .inputs = {{"X", "LoDTensor [rows, M]."},
               {"H0", "[sequences, D]: h' of the first rows; zero if absent.", kOptional},
               {"WeightX", "[M, 3 D]: for u, r, c side by side."},
               {"WeightH",
                "[D, 3 D], read as two matrices one behind the other: [D, 2 D], W_u and W_r side by side, and [D, D], "
                "W_c."},
               {"Bias", "[1, 3 D]: b_u, b_r, b_c; zero if absent.", kOptional}},
    .outputs = {{"ReorderedH0", kNotReorderedDoc, kIntermediate},
                {"XX", "[rows, 3 D] X WeightX.", kIntermediate},
                {"BatchedInput", kNotReorderedDoc, kIntermediate},
                {"BatchedOut", kNotReorderedDoc, kIntermediate},
                {"Hidden", "[rows, D] h, with X's LoD."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("fusion_gru", Prepare, Run);

}  // namespace
}  // namespace paddle
