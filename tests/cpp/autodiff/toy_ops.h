#pragma once
// Small float32 ops with gradients of every form, registered in the test binary.

#include <cmath>

#include "paddle/op/registry.h"

namespace paddle::toy {

inline void Map(const Tensor& x, Tensor& out, auto fn) {
  for (int64_t i = 0; i < x.numel(); ++i) out.mutable_data<float>()[i] = fn(x.data<float>()[i]);
}
inline void Map(const Tensor& x, const Tensor& y, Tensor* out, auto fn) {
  for (int64_t i = 0; out && i < x.numel(); ++i)
    out->mutable_data<float>()[i] = fn(x.data<float>()[i], y.data<float>()[i]);
}

// exp: the gradient has a kernel and reads the output.
inline void Exp(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  Map(x, out, [](float v) { return std::exp(v); });
}
inline void ExpGrad(const CpuContext&, const NoAttrs&, const Tensor& out, const Tensor& dout, Tensor* dx) {
  Map(out, dout, dx, [](float o, float d) { return o * d; });
}
inline void InferExpGrad(const NoAttrs&, InferContext& context) { context.CopyMeta("Out", "X@GRAD"); }
inline const Registered kExp =
    RegisterOp<NoAttrs>({.name = "toy_exp", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}});
inline const Registered kExpCpu = RegisterKernel("toy_exp", Exp);
inline const Registered kExpGrad = RegisterOp<NoAttrs>({.name = "toy_exp_grad",
                                                        .doc = "",
                                                        .inputs = {{"Out", ""}, {"Out@GRAD", ""}},
                                                        .outputs = {{"X@GRAD", "", kOptional}},
                                                        .infer = InferExpGrad});
inline const Registered kExpGradCpu = RegisterKernel("toy_exp_grad", ExpGrad);

// mul: the gradient reads the inputs, and is made of other ops.
inline void Mul(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& y, Tensor& out) {
  Map(x, y, &out, [](float a, float b) { return a * b; });
}
inline void ExpandMulGrad(const NoAttrs&, ExpandContext& context) {
  const auto emit = [&](const char* factor, const std::string& to) {
    if (!to.empty())
      context.Emit("toy_mul", {{"X", {context.In("Out@GRAD")}}, {"Y", {context.In(factor)}}}, NoAttrs{}, to);
  };
  emit("Y", context.Out("X@GRAD"));
  emit("X", context.Out("Y@GRAD"));
}
inline const Registered kMul =
    RegisterOp<NoAttrs>({.name = "toy_mul", .doc = "", .inputs = {{"X", ""}, {"Y", ""}}, .outputs = {{"Out", ""}}});
inline const Registered kMulCpu = RegisterKernel("toy_mul", Mul);
inline const Registered kMulGrad =
    RegisterOp<NoAttrs>({.name = "toy_mul_grad",
                         .doc = "",
                         .inputs = {{"X", ""}, {"Y", ""}, {"Out@GRAD", ""}},
                         .outputs = {{"X@GRAD", "", kOptional}, {"Y@GRAD", "", kOptional}},
                         .expand = ExpandMulGrad});

// split in two halves: the gradient is an op of another type, by a rule.
struct SplitAttrs {
  int32_t sections = 2;
  static auto Fields() { return std::tuple{Field{"sections", &SplitAttrs::sections, "How many."}}; }
};
inline void InferSplit(const SplitAttrs&, InferContext& context) {
  for (int i = 0; i < context.OutCount("Out"); ++i)
    context.SetOut("Out", {context.In("X").dims[0] / 2}, DType::kFloat32, i);
}
inline void Split(const CpuContext&, const SplitAttrs&, const Tensor& x, Span<Tensor> out) {
  const float* from = x.data<float>();
  for (Tensor* part : out)
    if (part) from = std::copy_n(from, part->numel(), part->mutable_data<float>()) ? from + part->numel() : from;
}
inline void GradOfSplit(const SplitAttrs&, GradContext& context) {
  OpDesc& op = context.EmitDefault("toy_concat");
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}
inline void InferConcat(const NoAttrs&, InferContext& context) {
  context.SetOut("Out", {context.In("X").dims[0] * context.Count("X")}, DType::kFloat32);
}
inline void Concat(const CpuContext&, const NoAttrs&, Span<const Tensor> x, Tensor& out) {
  float* to = out.mutable_data<float>();
  for (const Tensor* part : x) to = std::copy_n(part->data<float>(), part->numel(), to);
}
inline const Registered kSplit = RegisterOp<SplitAttrs>({.name = "toy_split",
                                                         .doc = "",
                                                         .inputs = {{"X", ""}},
                                                         .outputs = {{"Out", "", kRepeated}},
                                                         .infer = InferSplit,
                                                         .grad = GradOfSplit});
inline const Registered kSplitCpu = RegisterKernel("toy_split", Split);
inline const Registered kConcat = RegisterOp<NoAttrs>({.name = "toy_concat",
                                                       .doc = "",
                                                       .inputs = {{"X", "", kRepeated}},
                                                       .outputs = {{"Out", ""}},
                                                       .infer = InferConcat});
inline const Registered kConcatCpu = RegisterKernel("toy_concat", Concat);

// add of any number: one gradient op an input.
inline void Add(const CpuContext&, const NoAttrs&, Span<const Tensor> x, Tensor& out) {
  for (int64_t i = 0; i < out.numel(); ++i) {
    float total = 0;
    for (const Tensor* part : x) total += part->data<float>()[i];
    out.mutable_data<float>()[i] = total;
  }
}
inline void Copy(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  Map(x, out, [](float v) { return v; });
}
inline void GradOfAdd(const NoAttrs&, GradContext& context) {
  for (const auto& to : context.InGrad("X")) {
    OpDesc& op = context.Emit("toy_copy");
    op.SetInput("X", context.OutGrad("Out"));
    op.SetOutput("Out", {to});
  }
}
inline void GradOfCopy(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("toy_copy");
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}
inline const Registered kAdd = RegisterOp<NoAttrs>(
    {.name = "toy_add", .doc = "", .inputs = {{"X", "", kRepeated}}, .outputs = {{"Out", ""}}, .grad = GradOfAdd});
inline const Registered kAddCpu = RegisterKernel("toy_add", Add);
inline const Registered kCopy = RegisterOp<NoAttrs>(
    {.name = "toy_copy", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}, .grad = GradOfCopy});
inline const Registered kCopyCpu = RegisterKernel("toy_copy", Copy);

// The steps of a counter are undone on the way back.
struct CountAttrs {
  float step = 1;
  static auto Fields() { return std::tuple{Field{"step", &CountAttrs::step, "Step."}}; }
};
inline void Count(const CpuContext&, const CountAttrs& attrs, const Tensor& x, Tensor& out) {
  Map(x, out, [&](float v) { return v + attrs.step; });
}
inline void GradOfCount(const CountAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("toy_count", CountAttrs{-attrs.step});
  op.SetInput("X", context.Out("Out"));
  op.SetOutput("Out", context.In("X"));
}
inline const Registered kCount = RegisterOp<CountAttrs>({.name = "toy_count",
                                                         .doc = "",
                                                         .inputs = {{"X", ""}},
                                                         .outputs = {{"Out", ""}},
                                                         .grad = GradOfCount,
                                                         .must_share = {{"Out", "X"}}});
inline const Registered kCountCpu = RegisterKernel("toy_count", Count);

// No gradient at all; and none by nature.
inline const Registered kStep =
    RegisterOp<NoAttrs>({.name = "toy_step", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}});
inline const Registered kStepCpu = RegisterKernel("toy_step", Copy);
inline const Registered kConst = RegisterOp<NoAttrs>(
    {.name = "toy_constant_like", .doc = "", .inputs = {{"X", "", kNoGradient}}, .outputs = {{"Out", ""}}});
inline const Registered kConstCpu = RegisterKernel("toy_constant_like", Copy);

// A table: the gradient is sparse.
inline void Pick(const CpuContext&, const NoAttrs&, const Tensor& w, const Tensor&, Tensor& out) {
  Map(w, out, [](float v) { return v; });
}
inline void PickGrad(const CpuContext&, const NoAttrs&, const Tensor&, const Tensor&, const Tensor&, SelectedRows*) {}
inline void InferPickGrad(const NoAttrs&, InferContext& context) {
  context.CopyMeta("W", "W@GRAD");
  if (TensorMeta* out = context.MutableOut("W@GRAD")) out->kind = VarKind::kSelectedRows;
}
inline const Registered kPick =
    RegisterOp<NoAttrs>({.name = "toy_pick",
                         .doc = "",
                         .inputs = {{"W", ""}, {"Ids", "", kNoGradient}},
                         .outputs = {{"Out", ""}},
                         .infer = [](const NoAttrs&, InferContext& context) { context.CopyMeta("W", "Out"); }});
inline const Registered kPickCpu = RegisterKernel("toy_pick", Pick);
inline const Registered kPickGrad =
    RegisterOp<NoAttrs>({.name = "toy_pick_grad",
                         .doc = "",
                         .inputs = {{"W", "", kMetaOnly}, {"Ids", ""}, {"Out@GRAD", ""}},
                         .outputs = {{"W@GRAD", "", kOptional}},
                         .infer = InferPickGrad});
inline const Registered kPickGradCpu = RegisterKernel("toy_pick_grad", PickGrad);

// A random op.
inline void Noise(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor*, Tensor& out, Tensor* mask) {
  Map(x, out, [](float v) { return v; });
  if (mask) Map(x, *mask, [](float) { return 1.0f; });
}
inline void NoiseGrad(const CpuContext&, const NoAttrs&, const Tensor& mask, const Tensor& dout, Tensor* dx) {
  Map(mask, dout, dx, [](float m, float d) { return m * d; });
}
inline const Registered kNoise = RegisterOp<NoAttrs>({.name = "toy_noise",
                                                      .doc = "",
                                                      .inputs = {{"X", ""}, {"Seed", "", kOptional | kNoGradient}},
                                                      .outputs = {{"Out", ""}, {"Mask", "", kOptional | kIntermediate}},
                                                      .infer =
                                                          [](const NoAttrs&, InferContext& context) {
                                                            context.CopyMeta("X", "Out");
                                                            context.CopyMeta("X", "Mask");
                                                          },
                                                      .traits = kRandom});
inline const Registered kNoiseCpu = RegisterKernel("toy_noise", Noise);
inline const Registered kNoiseGrad =
    RegisterOp<NoAttrs>({.name = "toy_noise_grad",
                         .doc = "",
                         .inputs = {{"Mask", ""}, {"Out@GRAD", ""}},
                         .outputs = {{"X@GRAD", "", kOptional}},
                         .infer = [](const NoAttrs&, InferContext& context) { context.CopyMeta("Mask", "X@GRAD"); }});
inline const Registered kNoiseGradCpu = RegisterKernel("toy_noise_grad", NoiseGrad);

// A control-flow op.
struct BlockAttrs {
  BlockRef sub_block;
  static auto Fields() { return std::tuple{Field{"sub_block", &BlockAttrs::sub_block, "Block.", Presence::kRequired}}; }
};
inline void GradOfIf(const BlockAttrs& attrs, GradContext& context) {
  const auto block = context.DifferentiateBlock({attrs.sub_block, context.Out("Out")});
  if (!block) return;
  OpDesc& op = context.EmitDefault();
  op.SetAttr("sub_block", block->block);
  std::vector<std::string> grads;
  for (const auto& name : context.In("Input"))
    grads.push_back(block->variables.contains(name) ? GradName(name) : std::string(kEmptyName));
  op.SetOutput("Input@GRAD", std::move(grads));
}
inline void RunIf(const CpuContext&, const BlockAttrs&, BlockRunner& blocks, const Tensor& condition,
                  Span<const Tensor>, Span<Tensor>) {
  if (condition.data<float>()[0] > 0) blocks.Next(false).Run();
}
inline void RunIfGrad(const CpuContext&, const BlockAttrs&, const Tensor&, Span<const Tensor>, Span<const Tensor>,
                      Span<Tensor>) {}
inline const Registered kIf = RegisterOp<BlockAttrs>({.name = "toy_if",
                                                      .doc = "",
                                                      .inputs = {{"Cond", "", kNoGradient}, {"Input", "", kRepeated}},
                                                      .outputs = {{"Out", "", kRepeated}},
                                                      .infer = [](const BlockAttrs&, InferContext&) {},
                                                      .grad = GradOfIf,
                                                      .block = "sub_block"});
inline const Registered kIfCpu = RegisterKernel("toy_if", RunIf);
inline const Registered kIfGrad =
    RegisterOp<BlockAttrs>({.name = "toy_if_grad",
                            .doc = "",
                            .inputs = {{"Cond", ""}, {"Input", "", kRepeated}, {"Out@GRAD", "", kRepeated}},
                            .outputs = {{"Input@GRAD", "", kRepeated}},
                            .block = "sub_block"});
inline const Registered kIfGradCpu = RegisterKernel("toy_if_grad", RunIfGrad);

}  // namespace paddle::toy
