// fusion_seqexpand_concat_fc: sequence_expand, concat and a fully connected layer in one.
#include "paddle/math/activation.h"
#include "paddle/math/gate.h"
#include "paddle/math/gemm.h"
#include "paddle/math/map.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct ExpandConcatFcAttrs {
  std::string fc_activation = "identity";

  static auto Fields() {
    return std::tuple{
        Field{"fc_activation", &ExpandConcatFcAttrs::fc_activation, "Of the layer: identity, relu, tanh or sigmoid."}};
  }
};

void CheckInput(const InferContext& context, int i) {
  const TensorMeta &x = context.In("X", i), &rows = context.In("X");
  Require(x.dtype == rows.dtype, "input X[", i, "] is ", x.dtype, ", but X[0] is ", rows.dtype);
  Require(x.rank() == 2, "input X[", i, "] has shape ", x.dims, "; expected rank 2");
  if (i == 0 || context.building()) return;
  const int64_t sequences = RequireLod(context, "X").last_sequences();
  Require(x.dims[0] == sequences, "input X[", i, "] ", x.dims, " has ", x.dims[0], " rows, but X[0] has ", sequences,
          " sequences; expected one for each");
}

void Infer(const ExpandConcatFcAttrs& attrs, InferContext& context) {
  ToGate(attrs.fc_activation, "fc_activation");
  const int count = context.Count("X");
  Require(count >= 2, "X has ", count, " variables; expected sequences, and one at least to be expanded");
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "FCWeight");
  context.CheckSameDType("X", "FCBias");
  context.CheckRank("FCWeight", 2, 2);
  int64_t height = 0;
  for (int i = 0; i < count; ++i) {
    CheckInput(context, i);
    const int64_t width = context.In("X", i).dims[1];
    height = height < 0 || width < 0 ? -1 : height + width;
  }
  const Dims weight = context.In("FCWeight").dims;
  Require(SizesAgree(weight[0], height), "FCWeight ", weight, " has ", weight[0], " rows; expected ", height,
          ", the sum of the widths of X");
  if (context.Has("FCBias")) {
    const Dims& bias = context.In("FCBias").dims;
    Require(DimsAgree(bias, {weight[1]}) || DimsAgree(bias, {1, weight[1]}), "FCBias has shape ", bias,
            "; expected [1, ", weight[1], "], the width of FCWeight");
  }
  const TensorMeta x = context.In("X");
  context.SetOut("Out", {x.dims[0], weight[1]}, x.dtype);
  context.ShareLod("X", "Out");
  context.SetOut("FCOut", {context.In("X", 1).dims[0], weight[1]}, x.dtype);
}

// One product an input, each with its rows of the weight.
struct FcState {
  std::vector<PreparedGemm> products;
  size_t scratch_bytes() const {
    size_t most = 0;
    for (const auto& product : products) most = std::max(most, product.scratch_bytes());
    return most;
  }
};

FcState Prepare(const CpuContext&, const ExpandConcatFcAttrs&, const OpMetas& metas) {
  FcState state;
  for (int i = 0; i < metas.Count("X"); ++i) {
    const TensorMeta& x = metas.In("X", i);
    const double beta = i > 1 ? 1 : 0;  // the second and later ones add up
    state.products.emplace_back(x.dtype, GemmShape{.m = x.dims[0], .n = metas.In("FCWeight").dims[1], .k = x.dims[1]},
                                1, beta);
  }
  return state;
}

// rows[r] = f(rows[r] + more[sequence of r] + bias).
template <class T, class F>
void AddAndActivate(F f, const Lod& lod, int64_t width, const T* more, const T* bias, T* rows) {
  ForRows(lod, width, [=](int64_t row, int64_t s, int64_t, int64_t) {
    T* to = rows + row * width;
    math::MapSerial([](T a, T b) { return a + b; }, to, more + s * width, to, width);
    if (bias) math::MapSerial([](T a, T b) { return a + b; }, to, bias, to, width);
    math::MapSerial(f, to, to, width);
  });
}

template <class T>
void Activate(Gate activation, const Lod& lod, int64_t width, const T* more, const T* bias, T* rows) {
  switch (activation) {
    case Gate::kSigmoid:
      return AddAndActivate(math::SigmoidFn{}, lod, width, more, bias, rows);
    case Gate::kTanh:
      return AddAndActivate(math::TanhFn{}, lod, width, more, bias, rows);
    case Gate::kRelu:
      return AddAndActivate(math::Relu{}, lod, width, more, bias, rows);
    case Gate::kIdentity:
      return AddAndActivate(math::Identity{}, lod, width, more, bias, rows);
  }
}

void Run(const CpuContext&, const ExpandConcatFcAttrs& attrs, FcState& state, Scratch scratch, Span<const Tensor> x,
         const Tensor& weight, const Tensor* bias, Tensor& out, Tensor& fc_out) {
  const int64_t width = weight.dim(1);
  VisitFloat(out.dtype(), [&]<class T>() {
    const T* rows_of_weight = weight.data<T>();
    for (size_t i = 0; i < x.size(); ++i) {
      T* to = (i ? fc_out : out).mutable_data<T>();
      state.products[i].Run(x[i]->data<T>(), rows_of_weight, to, scratch.data);
      rows_of_weight += x[i]->dim(1) * width;
    }
    Activate(ToGate(attrs.fc_activation, "fc_activation"), out.lod(), width, fc_out.data<T>(),
             bias ? bias->data<T>() : nullptr, out.mutable_data<T>());
  });
}

const Registered kOp = RegisterOp<ExpandConcatFcAttrs>({
    .name = "fusion_seqexpand_concat_fc",
    .doc =
        "sequence_expand of all inputs but the first, concat and a fully connected layer in one: each row of X[0] and "
        "the rows of the other inputs that belong to its sequence, side by side, times FCWeight.",
    .inputs = {{"X", "First a LoDTensor [rows, width], then tensors [sequences, width].", kRepeated},
               {"FCWeight", "[sum of the widths, features]."},
               {"FCBias", "[1, features] or [features].", kOptional}},
    .outputs = {{"Out", "[rows, features], grouped as X[0]."},
                {"FCOut", "[sequences, features]: what the inputs that are expanded add to each row.", kIntermediate}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("fusion_seqexpand_concat_fc", Prepare, Run);

}  // namespace
}  // namespace paddle
