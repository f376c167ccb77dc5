#pragma once
// Small ops for tests of the runtime, registered in the test binary. Slots are Fluid-like; all tensors are float32.

#include <atomic>

#include "paddle/op/registry.h"

namespace paddle::toy {

struct FillAttrs {
  std::vector<int64_t> shape;
  float value = 0;
  static auto Fields() {
    return std::tuple{Field{"shape", &FillAttrs::shape, "Sizes."}, Field{"value", &FillAttrs::value, "Value."}};
  }
};

struct BlockAttrs {
  BlockRef sub_block;
  static auto Fields() { return std::tuple{Field{"sub_block", &BlockAttrs::sub_block, "Block.", Presence::kRequired}}; }
};

inline std::atomic<int> add_calls{0};

inline void InferFill(const FillAttrs& attrs, InferContext& context) {
  context.SetOut("Out", Dims(attrs.shape), DType::kFloat32);
}
inline void Fill(const CpuContext&, const FillAttrs& attrs, Tensor& out) {
  std::fill_n(out.mutable_data<float>(), out.numel(), attrs.value);
}

inline void Add(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& y, Tensor& out) {
  ++add_calls;
  for (int64_t i = 0; i < x.numel(); ++i) out.mutable_data<float>()[i] = x.data<float>()[i] + y.data<float>()[i];
}
inline void InferAdd(const NoAttrs&, InferContext& context) {
  context.CheckSameDims("X", "Y");
  context.CopyMeta("X", "Out");
}

inline void Increment(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  for (int64_t i = 0; i < x.numel(); ++i) out.mutable_data<float>()[i] = x.data<float>()[i] + 1;
}

// The sum of all elements, [1].
inline void InferTotal(const NoAttrs&, InferContext& context) { context.SetOut("Out", {1}, DType::kFloat32); }
inline void Total(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  out.mutable_data<float>()[0] = 0;
  for (int64_t i = 0; i < x.numel(); ++i) out.mutable_data<float>()[0] += x.data<float>()[i];
}

// Keeps the positive elements: the kernel decides the size.
inline void InferPositive(const NoAttrs&, InferContext& context) { context.SetOut("Out", {-1}, DType::kFloat32); }
inline void Positive(const CpuContext& cpu, const NoAttrs&, const Tensor& x, Tensor& out) {
  const float* data = x.data<float>();
  out.Allocate({std::count_if(data, data + x.numel(), [](float v) { return v > 0; })}, DType::kFloat32,
               cpu.allocator());
  std::copy_if(data, data + x.numel(), out.mutable_data<float>(), [](float v) { return v > 0; });
}

inline void InferNothing(const BlockAttrs&, InferContext&) {}
inline void RunIf(const CpuContext&, const BlockAttrs&, BlockRunner& blocks, const Tensor& condition,
                  Span<const Tensor>, Span<Tensor>) {
  if (condition.data<float>()[0] > 0) blocks.Next(false).Run();
}

inline const Registered kFill =
    RegisterOp<FillAttrs>({.name = "toy_fill", .doc = "", .inputs = {}, .outputs = {{"Out", ""}}, .infer = InferFill});
inline const Registered kFillCpu = RegisterKernel("toy_fill", Fill);
inline const Registered kAdd = RegisterOp<NoAttrs>({.name = "toy_add",
                                                    .doc = "",
                                                    .inputs = {{"X", ""}, {"Y", ""}},
                                                    .outputs = {{"Out", ""}},
                                                    .infer = InferAdd,
                                                    .may_share = {{"Out", "X"}, {"Out", "Y"}}});
inline const Registered kAddCpu = RegisterKernel("toy_add", Add);
inline const Registered kIncrement = RegisterOp<NoAttrs>({.name = "toy_increment",
                                                          .doc = "",
                                                          .inputs = {{"X", ""}},
                                                          .outputs = {{"Out", ""}},
                                                          .must_share = {{"Out", "X"}}});
inline const Registered kIncrementCpu = RegisterKernel("toy_increment", Increment);
inline const Registered kTotal = RegisterOp<NoAttrs>(
    {.name = "toy_total", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}, .infer = InferTotal});
inline const Registered kTotalCpu = RegisterKernel("toy_total", Total);
inline const Registered kPositive = RegisterOp<NoAttrs>({.name = "toy_positive",
                                                         .doc = "",
                                                         .inputs = {{"X", ""}},
                                                         .outputs = {{"Out", "", kDynamic}},
                                                         .infer = InferPositive});
inline const Registered kPositiveCpu = RegisterKernel("toy_positive", Positive);
inline const Registered kIf = RegisterOp<BlockAttrs>({.name = "toy_if",
                                                      .doc = "",
                                                      .inputs = {{"Cond", ""}, {"Input", "", kRepeated | kOptional}},
                                                      .outputs = {{"Out", "", kRepeated | kOptional}},
                                                      .infer = InferNothing,
                                                      .block = "sub_block"});
inline const Registered kIfCpu = RegisterKernel("toy_if", RunIf);

// Appends an op and the variables it writes.
inline OpDesc& Append(BlockDesc& block, const std::string& type, const std::vector<OpDesc::Slot>& inputs,
                      const std::vector<OpDesc::Slot>& outputs) {
  OpDesc& op = block.AppendOp(OpDesc(type));
  for (const auto& slot : inputs) op.SetInput(slot.name, slot.args);
  for (const auto& slot : outputs) {
    op.SetOutput(slot.name, slot.args);
    for (const auto& name : slot.args)
      if (!block.FindVarRecursive(name)) block.Var(name);
  }
  return op;
}

inline void SetTensor(Tensor& tensor, const std::vector<float>& values) {
  tensor.Allocate({static_cast<int64_t>(values.size())}, DType::kFloat32, SystemAllocator());
  std::copy(values.begin(), values.end(), tensor.mutable_data<float>());
}
inline Tensor MakeTensor(const std::vector<float>& values) {
  Tensor tensor;
  SetTensor(tensor, values);
  return tensor;
}
inline std::vector<float> Values(const Tensor& tensor) {
  return {tensor.data<float>(), tensor.data<float>() + tensor.numel()};
}
inline std::vector<float> Values(const Variable& variable) { return Values(variable.get<Tensor>()); }

}  // namespace paddle::toy
