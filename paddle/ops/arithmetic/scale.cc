#include "paddle/ops/arithmetic/scale.h"

#include <algorithm>

#include "paddle/math/map_kept.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr DTypeSet kTypes{DType::kFloat32, DType::kFloat64, DType::kInt8,  DType::kUInt8,
                          DType::kInt16,   DType::kInt32,   DType::kInt64, DType::kBFloat16};

void Infer(const ScaleAttrs&, InferContext& context) {
  context.CheckDType("X", kTypes);
  if (context.Has("ScaleTensor")) {
    context.CheckSameDType("X", "ScaleTensor");
    const Dims& dims = context.In("ScaleTensor").dims;
    Require(SizesAgree(dims.numel(), 1), "ScaleTensor has shape ", dims, "; expected one element");
  }
  context.CopyMeta("X", "Out");
}

void Scale(const ScaleAttrs& attrs, const Tensor& x, const Tensor* scale_tensor, Tensor& out) {
  VisitAny(x.dtype(), [&]<class T>() {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, Float16>) {
      ThrowDType(x.dtype(), "a number type");
    } else {
      using C = Computed<T>;
      const C scale = scale_tensor ? static_cast<C>(*scale_tensor->data<T>()) : static_cast<C>(attrs.scale);
      const C bias =
          attrs.bias_after_scale ? static_cast<C>(attrs.bias) : static_cast<C>(static_cast<C>(attrs.bias) * scale);
      math::MapKept([=](C v) { return static_cast<C>(v * scale + bias); }, out.mutable_data<T>(), x.numel(),
                    math::kCheapGrain, x.data<T>());
    }
  });
}

void Dense(const CpuContext&, const ScaleAttrs& attrs, const Tensor& x, const Tensor* scale, Tensor& out) {
  Scale(attrs, x, scale, out);
}

// Rows that are not there count as zero; a bias cannot be added to them.
void Sparse(const CpuContext& cpu, const ScaleAttrs& attrs, const SelectedRows& x, const Tensor* scale,
            SelectedRows& out) {
  Require(attrs.bias == 0, "a sparse X takes no bias, got ", attrs.bias);
  if (&out != &x) {
    out.Allocate(static_cast<int64_t>(x.rows.size()), cpu.allocator());
    std::copy(x.rows.begin(), x.rows.end(), out.rows.begin());
  }
  Scale(attrs, x.value, scale, out.value);
}

void Grad(const ScaleAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("scale", ScaleAttrs{.scale = attrs.scale});
  op.SetInput("X", context.OutGrad("Out"));
  if (!context.In("ScaleTensor").empty()) op.SetInput("ScaleTensor", context.In("ScaleTensor"));
  op.SetOutput("Out", context.InGrad("X"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ScaleAttrs>(
        {.name = "scale",
         .doc =
             "Out = scale * X + bias, or scale * (X + bias) without bias_after_scale. Scale and bias are converted to "
             "X's element type first.",
         .inputs = {{"X", "Tensor, or sparse rows without a bias."},
                    {"ScaleTensor", "The factor as a tensor of one element; it goes before `scale`.",
                     kOptional | kNoGradient}},
         .outputs = {{"Out", "As X in shape, kind and LoD."}},
         .infer = Infer,
         .grad = Grad,
         .may_share = {{"Out", "X"}}}),
    RegisterKernel("scale", Dense),
    RegisterKernel("scale", Sparse),
};

}  // namespace
}  // namespace paddle
