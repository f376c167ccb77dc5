#pragma once
// The ops that autodiff itself writes, where the library does not have them yet.

#include "tests/cpp/autodiff/toy_ops.h"

namespace paddle::toy {

struct FillAttrs {
  int32_t dtype = 5;
  std::vector<int64_t> shape;
  float value = 0;
  bool force_cpu = false;
  static auto Fields() {
    return std::tuple{Field{"dtype", &FillAttrs::dtype, ""}, Field{"shape", &FillAttrs::shape, ""},
                      Field{"value", &FillAttrs::value, ""}, Field{"force_cpu", &FillAttrs::force_cpu, ""}};
  }
};
struct SeedAttrs {
  int32_t seed = 0;
  static auto Fields() { return std::tuple{Field{"seed", &SeedAttrs::seed, ""}}; }
};

inline void InferFill(const FillAttrs& attrs, InferContext& context) {
  context.SetOut("Out", Dims(attrs.shape), *ToDType(attrs.dtype));
}
inline void Fill(const CpuContext&, const FillAttrs& attrs, const Tensor*, Tensor& out) {
  std::fill_n(out.mutable_data<float>(), out.numel(), attrs.value);
}
inline void Zeros(const CpuContext&, const NoAttrs&, const Tensor&, Tensor& out) {
  std::fill_n(out.mutable_data<float>(), out.numel(), 0.0f);
}
inline void Sum(const CpuContext&, const NoAttrs&, Span<const Tensor> x, Tensor& out) {
  for (int64_t i = 0; i < out.numel(); ++i) {
    float total = 0;
    for (const Tensor* part : x) total += part->data<float>()[i];
    out.mutable_data<float>()[i] = total;
  }
}
inline void SumRows(const CpuContext&, const NoAttrs&, Span<const SelectedRows>, SelectedRows&) {}
inline void InferSum(const NoAttrs&, InferContext& context) {
  context.CopyMeta("X", "Out");
  for (int i = 0; i < context.Count("X"); ++i)
    if (context.In("X", i).kind == VarKind::kTensor) context.MutableOut("Out")->kind = VarKind::kTensor;
}
inline void InferShape(const NoAttrs&, InferContext& context) {
  context.SetOut("Out", {context.In("Input").rank()}, DType::kInt32);
}
inline void Shape(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  for (int i = 0; i < x.dims().rank(); ++i) out.mutable_data<int32_t>()[i] = static_cast<int32_t>(x.dims()[i]);
}
inline void InferSeed(const SeedAttrs&, InferContext& context) { context.SetOut("Out", {1}, DType::kInt32); }
inline void Seed(const CpuContext&, const SeedAttrs& attrs, Tensor& out) {
  out.mutable_data<int32_t>()[0] = attrs.seed;
}

inline void RegisterStandIns() {
  const auto lacks = [](std::string_view name) { return !Registry::Get().FindOrNull(name); };
  if (lacks("fill_constant")) {
    RegisterOp<FillAttrs>({.name = "fill_constant",
                           .doc = "",
                           .inputs = {{"ShapeTensor", "", kOptional}},
                           .outputs = {{"Out", ""}},
                           .infer = InferFill});
    RegisterKernel("fill_constant", Fill);
  }
  if (lacks("fill_zeros_like")) {
    RegisterOp<NoAttrs>({.name = "fill_zeros_like", .doc = "", .inputs = {{"X", ""}}, .outputs = {{"Out", ""}}});
    RegisterKernel("fill_zeros_like", Zeros);
  }
  if (lacks("sum")) {
    RegisterOp<NoAttrs>({.name = "sum",
                         .doc = "",
                         .inputs = {{"X", "", kRepeated}},
                         .outputs = {{"Out", ""}},
                         .infer = InferSum,
                         .grad = GradOfAdd});
    RegisterKernel("sum", Sum);
    RegisterKernel("sum", SumRows);
  }
  if (lacks("shape")) {
    RegisterOp<NoAttrs>(
        {.name = "shape", .doc = "", .inputs = {{"Input", ""}}, .outputs = {{"Out", ""}}, .infer = InferShape});
    RegisterKernel("shape", Shape);
  }
  if (lacks("seed")) {
    RegisterOp<SeedAttrs>(
        {.name = "seed", .doc = "", .inputs = {}, .outputs = {{"Out", ""}}, .infer = InferSeed, .traits = kRandom});
    RegisterKernel("seed", Seed);
  }
}

}  // namespace paddle::toy
