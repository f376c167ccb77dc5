// Tensors of one value.

#include "paddle/ops/creation/fill.h"

#include <algorithm>
#include <cstring>

namespace paddle {
namespace {

void InferFillConstant(const FillConstantAttrs& attrs, InferContext& context) {
  if (context.building()) ValueOf(attrs);
  if (context.Has("ValueTensor")) {
    const TensorMeta& value = context.In("ValueTensor");
    Require(SizesAgree(value.numel(), 1), "ValueTensor has shape ", value.dims, "; expected one element");
  }
  context.SetOut("Out", ShapeFromInputs(context, attrs.shape), DTypeFromAttr(attrs.dtype, kAllTypes));
}

void FillConstant(const CpuContext&, const FillConstantAttrs& attrs, const Tensor* value, const Tensor*,
                  Span<const Tensor>, Tensor& out) {
  Fill(out, value ? ReadValue(*value) : ValueOf(attrs));
}

void InferBatchSizeLike(const BatchSizeLikeAttrs& attrs, InferContext& context) {
  if (context.building()) ValueOf(attrs);
  Dims dims = ShapeLikeInput(context, attrs.shape, attrs.input_dim_idx, attrs.output_dim_idx);
  const TensorMeta& input = context.In("Input");
  if (attrs.input_dim_idx == 0 && !input.lod.empty())
    dims[attrs.output_dim_idx] = input.lod.sequences(input.lod.levels() - 1);
  else if (attrs.input_dim_idx == 0 && context.building() && input.lod_level > 0)
    dims[attrs.output_dim_idx] = -1;
  context.SetOut("Out", dims, DTypeFromAttr(attrs.dtype, kAllTypes));
}

void FillBatchSizeLike(const CpuContext&, const BatchSizeLikeAttrs& attrs, const Tensor&, Tensor& out) {
  Fill(out, ValueOf(attrs));
}

void FillZerosLike(const CpuContext&, const NoAttrs&, const Tensor&, Tensor& out) {
  if (out.bytes()) std::memset(out.mutable_raw(), 0, out.bytes());
}

void InferFillAnyLike(const FillAnyLikeAttrs& attrs, InferContext& context) {
  context.CopyMeta("X", "Out");
  if (TensorMeta* out = context.MutableOut("Out"); out && attrs.dtype != -1)
    out->dtype = DTypeFromAttr(attrs.dtype, kAllTypes);
}

void FillAnyLike(const CpuContext&, const FillAnyLikeAttrs& attrs, const Tensor&, Tensor& out) {
  Fill(out, FillValue::Of(attrs.value));
}

size_t ValueCount(const AssignValueAttrs& attrs, DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return attrs.bool_values.size();
    case DType::kFloat32:
      return attrs.fp32_values.size();
    case DType::kInt32:
      return attrs.int32_values.size();
    default:
      return attrs.int64_values.size();
  }
}

void InferAssignValue(const AssignValueAttrs& attrs, InferContext& context) {
  const DType dtype = DTypeFromAttr(attrs.dtype, {DType::kBool, DType::kFloat32, DType::kInt32, DType::kInt64});
  const Dims dims(attrs.shape);
  Require(dims.known(), "shape is ", dims, "; expected sizes of 0 or more");
  const size_t count = ValueCount(attrs, dtype);
  Require(dims.numel() == static_cast<int64_t>(count), "shape ", dims, " has ", dims.numel(), " elements, but ", count,
          " values of type ", dtype, " are given");
  context.SetOut("Out", dims, dtype);
}

void AssignValue(const CpuContext&, const AssignValueAttrs& attrs, Tensor& out) {
  switch (out.dtype()) {
    case DType::kBool:
      std::transform(attrs.bool_values.begin(), attrs.bool_values.end(), out.mutable_data<bool>(),
                     [](int32_t v) { return v != 0; });
      break;
    case DType::kFloat32:
      std::copy(attrs.fp32_values.begin(), attrs.fp32_values.end(), out.mutable_data<float>());
      break;
    case DType::kInt32:
      std::copy(attrs.int32_values.begin(), attrs.int32_values.end(), out.mutable_data<int32_t>());
      break;
    default:
      std::copy(attrs.int64_values.begin(), attrs.int64_values.end(), out.mutable_data<int64_t>());
  }
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<FillConstantAttrs>(
        {.name = "fill_constant",
         .doc = "Out = a tensor of one value.",
         .inputs = {{"ValueTensor", "The value as a tensor of one element; it goes before `value`.",
                     kOptional | kNoGradient},
                    kShapeTensorSlot,
                    kShapeTensorListSlot},
         .outputs = {{"Out", "The tensor."}},
         .infer = InferFillConstant}),
    RegisterKernel("fill_constant", FillConstant),
    RegisterOp<BatchSizeLikeAttrs>({.name = "fill_constant_batch_size_like",
                                    .doc = "Out = a tensor of one value and of shape `shape`, but for one size that is "
                                           "Input's; where Input has a LoD and "
                                           "input_dim_idx is 0, the size is the number of its sequences.",
                                    .inputs = {{"Input", "Tensor that gives one size.", kMetaOnly | kNoGradient}},
                                    .outputs = {{"Out", "The tensor."}},
                                    .infer = InferBatchSizeLike}),
    RegisterKernel("fill_constant_batch_size_like", FillBatchSizeLike),
    RegisterOp<NoAttrs>({.name = "fill_zeros_like",
                         .doc = "Out = zeros of X's shape, element type and LoD.",
                         .inputs = {{"X", "Tensor whose shape is taken.", kMetaOnly | kNoGradient}},
                         .outputs = {{"Out", "The zeros."}}}),
    RegisterKernel("fill_zeros_like", FillZerosLike),
    RegisterOp<FillAnyLikeAttrs>({.name = "fill_any_like",
                                  .doc = "Out = a tensor of one value and of X's shape and LoD.",
                                  .inputs = {{"X", "Tensor whose shape is taken.", kMetaOnly | kNoGradient}},
                                  .outputs = {{"Out", "The tensor."}},
                                  .infer = InferFillAnyLike}),
    RegisterKernel("fill_any_like", FillAnyLike),
    RegisterOp<AssignValueAttrs>({.name = "assign_value",
                                  .doc = "Out = the values written in the attributes.",
                                  .inputs = {},
                                  .outputs = {{"Out", "The tensor."}},
                                  .infer = InferAssignValue}),
    RegisterKernel("assign_value", AssignValue),
};

}  // namespace
}  // namespace paddle
