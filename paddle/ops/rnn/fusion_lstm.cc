// fusion_lstm, the input projection and lstm in one, and fused_embedding_fc_lstm, where the projected rows come from a
// table. For inference: they have no gradients.
#include <algorithm>
#include <cstring>

#include "paddle/math/gemm.h"
#include "paddle/math/panel.h"
#include "paddle/op/registry.h"
#include "paddle/ops/rnn/fusion.h"
#include "paddle/ops/rnn/lstm.h"

namespace paddle {
namespace {

struct FusionLstmAttrs : LstmAttrs {
  bool use_seq = true;

  static auto Fields() {
    return std::tuple_cat(LstmAttrs::Fields(), std::tuple{Field{"use_seq", &FusionLstmAttrs::use_seq, kUseSeqDoc}});
  }
};

// What both ops check and describe; returns the number of units. `rows`: the input with the sequences.
int64_t InferLstm(const FusionLstmAttrs& attrs, std::string_view typed, std::string_view rows, InferContext& context) {
  const int64_t units = CheckRecurrent(context, typed, rows, 4, {"H0", "C0"});
  ConfigOf(attrs, units);
  context.CheckSameDType(typed, "Bias");
  context.CheckRank("Bias", 2, 2);
  const Dims& bias = context.In("Bias").dims;
  const int64_t bias_size = (attrs.use_peepholes ? 7 : 4) * units;
  Require(SizesAgree(bias[0], 1) && (units < 0 || SizesAgree(bias[1], bias_size)), "input Bias has shape ", bias,
          "; expected [1, ", bias_size, "] ", attrs.use_peepholes ? "with" : "without", " peepholes");
  Require(context.Has("H0") == context.Has("C0"), "inputs H0 and C0 belong together: give both or none");
  for (const auto slot : {"Hidden", "Cell"}) {
    context.SetOut(slot, {context.In(rows).dims[0], units}, context.In(typed).dtype);
    context.ShareLod(rows, slot);
  }
  SetIntermediates(context, typed, rows, units < 0 ? -1 : 4 * units,
                   {"BatchedInput", "BatchedHidden", "BatchedCell", "ReorderedH0", "ReorderedC0"});
  return units;
}

void Infer(const FusionLstmAttrs& attrs, InferContext& context) {
  CheckProjection(context, 4, InferLstm(attrs, "X", "X", context));
  context.SetOut("CheckedCell", {0}, context.In("X").dtype);
}

void InferEmbedding(const FusionLstmAttrs& attrs, InferContext& context) {
  context.CheckDType("Ids", kIndices);
  const int64_t units = InferLstm(attrs, "Embeddings", "Ids", context);
  CheckDims(context, "Ids", {-1, 1});
  CheckDims(context, "Embeddings", {-1, units < 0 ? -1 : 4 * units});
}

// From the projected rows to the states; the gates take the rows' place. `packed`: for the recurrent weight.
template <class T>
void Walk(const LstmConfig& config, const Lod& lod, T* rows, const T* bias, const Tensor* h0, const Tensor* c0,
          const Tensor& weight, T* packed, Tensor* hidden, Tensor* cell) {
  PackPanels(LstmForwardPanels(config.hidden), weight.data<T>(), packed);
  RunLstm<T>(config, lod,
             {.input = rows,
              .bias = bias,
              .initial_hidden = DataOf<T>(h0),
              .initial_cell = DataOf<T>(c0),
              .packed = packed,
              .gates = rows,
              .hidden = hidden->mutable_data<T>(),
              .cell = cell->mutable_data<T>()});
}

size_t PackedBytes(const TensorMeta& weight) {
  return VisitFloat(weight.dtype,
                    [&]<class T>() { return PanelElements<T>(LstmForwardPanels(weight.dims[0])) * sizeof(T); });
}

// The scratch is the product's first, then the packed weight's.
struct LstmState {
  PreparedGemm projection;
  size_t packed = 0;
  size_t scratch_bytes() const { return std::max(projection.scratch_bytes(), packed); }
};

LstmState Prepare(const CpuContext&, const FusionLstmAttrs&, const OpMetas& metas) {
  const TensorMeta &x = metas.In("X"), &weight = metas.In("WeightH");
  return {
      PreparedGemm(x.dtype, {.m = x.dims[0], .n = weight.dims[1], .k = x.dims[1]}, 1, 0, 0, metas.IsWeight("WeightX")),
      PackedBytes(weight)};
}

void Run(const CpuContext&, const FusionLstmAttrs& attrs, LstmState& state, Scratch scratch, const Tensor& x,
         const Tensor& weight_x, const Tensor& weight_h, const Tensor& bias, const Tensor* h0, const Tensor* c0,
         Tensor& hidden, Tensor& cell, Tensor& xx, Tensor*, Tensor*, Tensor*, Tensor*, Tensor*, Tensor*) {
  VisitFloat(x.dtype(), [&]<class T>() {
    T* rows = xx.mutable_data<T>();
    state.projection.Run(x.data<T>(), weight_x, rows, scratch.data);
    Walk(ConfigOf(attrs, weight_h.dim(0)), x.lod(), rows, bias.data<T>(), h0, c0, weight_h,
         reinterpret_cast<T*>(scratch.data), &hidden, &cell);
  });
}

// Room for the packed weight and a bias.
Scratched PrepareEmbedding(const CpuContext&, const FusionLstmAttrs&, const OpMetas& metas) {
  const TensorMeta &weight = metas.In("WeightH"), &bias = metas.In("Bias");
  return {PackedBytes(weight) + static_cast<size_t>(bias.numel()) * SizeOf(bias.dtype)};
}

// out[i] = table[ids[i]].
void LookUp(const Tensor& ids, const Tensor& table, Tensor* out) {
  const int64_t height = table.dim(0), bytes = table.dim(1) * static_cast<int64_t>(SizeOf(table.dtype()));
  VisitIndex(ids.dtype(), [&]<class Id>() {
    const Id* id = ids.data<Id>();
    for (int64_t i = 0; i < ids.numel(); ++i) {
      Require(id[i] >= 0 && id[i] < height, "Ids[", i, "] is ", id[i], ", but Embeddings has ", height,
              " rows; expected 0 <= id < ", height);
      if (bytes) std::memcpy(out->mutable_raw() + i * bytes, table.raw() + id[i] * bytes, bytes);
    }
  });
}

void RunEmbedding(const CpuContext&, const FusionLstmAttrs& attrs, Scratched&, Scratch scratch, const Tensor& ids,
                  const Tensor& embeddings, const Tensor& weight_h, const Tensor& bias, const Tensor* h0,
                  const Tensor* c0, Tensor& hidden, Tensor& cell, Tensor& xx, Tensor*, Tensor*, Tensor*, Tensor*,
                  Tensor*) {
  LookUp(ids, embeddings, &xx);
  const int64_t width = weight_h.dim(1);
  VisitFloat(embeddings.dtype(), [&]<class T>() {
    T* packed = reinterpret_cast<T*>(scratch.data);
    // The table has the biases of the gates in it; those of the peepholes are read.
    T* peepholes = packed + PanelElements<T>(LstmForwardPanels(weight_h.dim(0)));
    std::fill_n(peepholes, width, T(0));
    std::copy(bias.data<T>() + width, bias.data<T>() + bias.numel(), peepholes + width);
    Walk(ConfigOf(attrs, weight_h.dim(0)), ids.lod(), xx.mutable_data<T>(), peepholes, h0, c0, weight_h, packed,
         &hidden, &cell);
  });
}

constexpr SlotSpec kWeightH{"WeightH", "[D, 4 D]: of the state, W_c, W_i, W_f, W_o side by side."};
constexpr SlotSpec kH0{"H0", "[sequences, D]: h' of the first rows; zero if absent.", kOptional};
constexpr SlotSpec kC0{"C0", "[sequences, D]: c' of the first rows; zero if absent.", kOptional};
constexpr SlotSpec kXX{"XX", "[rows, 4 D] c~, i, f, o of each row.", kIntermediate};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<FusionLstmAttrs>(
        {.name = "fusion_lstm",
         .doc = "The input projection X WeightX and long short-term memory over each sequence in one: lstm with this "
                "product for Input. For inference.",
         .inputs = {{"X", "LoDTensor [rows, M]."},
                    {"WeightX", "[M, 4 D]: for c~, i, f, o side by side."},
                    kWeightH,
                    {"Bias", "[1, 4 D]: b_c, b_i, b_f, b_o; with peepholes [1, 7 D]: w_ic, w_fc, w_oc behind."},
                    kH0,
                    kC0},
         .outputs = {{"Hidden", "[rows, D] h, with X's LoD."},
                     {"Cell", "[rows, D] c, with X's LoD."},
                     kXX,
                     {"BatchedInput", kNotReorderedDoc, kIntermediate},
                     {"BatchedHidden", kNotReorderedDoc, kIntermediate},
                     {"BatchedCell", kNotReorderedDoc, kIntermediate},
                     {"ReorderedH0", kNotReorderedDoc, kIntermediate},
                     {"ReorderedC0", kNotReorderedDoc, kIntermediate},
                     {"CheckedCell", "Empty: no room for the peepholes is needed.", kIntermediate}},
         .infer = Infer}),
    RegisterKernel("fusion_lstm", Prepare, Run),
    RegisterOp<FusionLstmAttrs>(
        {.name = "fused_embedding_fc_lstm",
         .doc = "Embedding, input projection and long short-term memory over each sequence in one: lstm with the rows "
                "Embeddings[Ids] for Input, whose Bias adds nothing to the gates. For inference.",
         .inputs = {{"Ids", "LoDTensor [rows, 1] of int32 or int64."},
                    {"Embeddings",
                     "[size, 4 D]: for each id its row times the projection's weight, with all biases, "
                     "for c~, i, f, o side by side."},
                    kWeightH,
                    {"Bias", "[1, 4 D], not read; with peepholes [1, 7 D]: w_ic, w_fc, w_oc behind."},
                    kH0,
                    kC0},
         .outputs = {{"Hidden", "[rows, D] h, with the LoD of Ids."},
                     {"Cell", "[rows, D] c, with the LoD of Ids."},
                     kXX,
                     {"BatchedInput", kNotReorderedDoc, kIntermediate},
                     {"BatchedHidden", kNotReorderedDoc, kIntermediate},
                     {"BatchedCell", kNotReorderedDoc, kIntermediate},
                     {"ReorderedH0", kNotReorderedDoc, kIntermediate},
                     {"ReorderedC0", kNotReorderedDoc, kIntermediate}},
         .infer = InferEmbedding}),
    RegisterKernel("fused_embedding_fc_lstm", PrepareEmbedding, RunEmbedding),
};

}  // namespace
}  // namespace paddle
