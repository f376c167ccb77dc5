// select_input and select_output: one of several variables, by number.
#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"

namespace paddle {
namespace {

size_t Chosen(const Tensor& mask, const char* slot, size_t count) {
  const int64_t i = ToInt64s(mask)[0];
  Require(i >= 0 && i < static_cast<int64_t>(count), "Mask is ", i, ", but ", slot, " names ", count,
          " variables; expected 0 <= Mask < ", count);
  return static_cast<size_t>(i);
}

// While building: what is known of all inputs.
void DescribeChoice(InferContext& context) {
  TensorMeta like = context.In("X");
  for (int i = 0; i < context.Count("X"); ++i) {
    const TensorMeta& x = context.In("X", i);
    Require(x.kind == like.kind, "X[", i, "] is a ", x.kind, ", but X[0] is a ", like.kind, "; expected the same kind");
    if (x.rank() != like.rank()) continue;
    for (int k = 0; k < like.rank(); ++k)
      if (x.dims[k] != like.dims[k]) like.dims[k] = -1;
  }
  if (like.kind == VarKind::kTensorArray) return SetArray(context, "Out", like, like.lod_level);
  SetUnknown(context, "Out", like.dims, like.dtype, like.lod_level);
}

void InferInput(const NoAttrs&, InferContext& context) {
  CheckIndex(context, "Mask");
  Require(context.Count("X") > 0, "X names no variable; expected one or more");
  DescribeChoice(context);
}

// The variable that is chosen. The block that would have written the others may not have run.
const Variable& ChosenInput(Span<const Variable> x, const Tensor& mask) {
  const size_t i = Chosen(mask, "X", x.size());
  Require(x[i] && x[i]->initialized(), "Mask chooses X[", i,
          "], which holds no value: the block that writes it did not run");
  return *x[i];
}

void Input(const CpuContext& cpu, const NoAttrs&, Span<const Variable> x, const Tensor& mask, Tensor& out) {
  CopyTensor(ChosenInput(x, mask).get<Tensor>(), cpu.allocator(), &out);
}

void InputArray(const CpuContext& cpu, const NoAttrs&, Span<const Variable> x, const Tensor& mask, TensorArray& out) {
  CopyArray(ChosenInput(x, mask).get<TensorArray>(), cpu.allocator(), &out);
}

void InputGrad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("select_output");
  op.SetInput("Mask", context.In("Mask"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X", false));
}

void InferOutput(const NoAttrs&, InferContext& context) {
  CheckIndex(context, "Mask");
  const TensorMeta x = context.In("X");
  for (int i = 0; i < context.OutCount("Out"); ++i) {
    TensorMeta* out = context.MutableOut("Out", i);
    if (out && x.kind == VarKind::kTensorArray) {
      *out = x;
      continue;
    }
    SetUnknown(context, "Out", x.dims, x.dtype, x.lod_level, i);
  }
}

// What was not chosen has no rows; as a gradient it is zero.
void NotChosen(const CpuContext& cpu, const Tensor& x, bool gradient, Tensor* out) {
  TensorMeta like = x.meta();
  if (!gradient) {
    if (like.dims.rank() == 0) like.dims.Append(0);
    like.dims[0] = 0;
    like.set_lod(Lod::FromOffsets(std::vector<std::vector<int64_t>>(like.lod.levels(), {0})));
  }
  ZerosLike(like, cpu.allocator(), out);
}

void Output(const CpuContext& cpu, const NoAttrs&, const OpDesc& desc, const Tensor& x, const Tensor& mask,
            Span<Tensor> out) {
  const size_t chosen = Chosen(mask, "Out", out.size());
  for (size_t i = 0; i < out.size(); ++i) {
    if (!out[i]) continue;
    if (i == chosen)
      CopyTensor(x, cpu.allocator(), out[i]);
    else
      NotChosen(cpu, x, (desc.Role() & kBackward) != 0, out[i]);
  }
}

void OutputArray(const CpuContext& cpu, const NoAttrs&, const TensorArray& x, const Tensor& mask,
                 Span<TensorArray> out) {
  const size_t chosen = Chosen(mask, "Out", out.size());
  for (size_t i = 0; i < out.size(); ++i)
    if (out[i]) CopyArray(i == chosen ? x : TensorArray(), cpu.allocator(), out[i]);
}

void OutputGrad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("select_input");
  op.SetInput("Mask", context.In("Mask"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

constexpr SlotSpec kMask{"Mask", "The number, counted from 0: one int32 or int64.", kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "select_input",
                         .doc = "Out = a copy of X[Mask]. What is not chosen need not hold a value.",
                         .inputs = {{"X", "Tensors or arrays of one element type.", kRepeated}, kMask},
                         .outputs = {{"Out", "As X[Mask], with its LoD.", kDynamic}},
                         .infer = InferInput,
                         .grad = InputGrad}),
    RegisterKernel("select_input", Input),
    RegisterKernel("select_input", InputArray),
    RegisterOp<NoAttrs>({.name = "select_output",
                         .doc =
                             "Out[Mask] = a copy of X. What is not chosen has no rows; where the op is the gradient of "
                             "select_input, it is zero.",
                         .inputs = {{"X", "Tensor or array."}, kMask},
                         .outputs = {{"Out", "Variables of X's kind.", kRepeated | kDynamic}},
                         .infer = InferOutput,
                         .grad = OutputGrad}),
    RegisterKernel("select_output", Output),
    RegisterKernel("select_output", OutputArray),
};

}  // namespace
}  // namespace paddle
