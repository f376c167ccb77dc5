// What is known of a tensor without its elements: shape, size, is_empty.

#include "paddle/op/registry.h"

namespace paddle {
namespace {

void InferShape(const NoAttrs&, InferContext& context) {
  context.SetOut("Out", {context.In("Input").rank()}, DType::kInt32);
}

void Shape(const CpuContext&, const NoAttrs&, const Tensor& input, Tensor& out) {
  int32_t* sizes = out.mutable_data<int32_t>();
  for (int i = 0; i < input.rank(); ++i) {
    Require(input.dim(i) <= INT32_MAX, "Input has shape ", input.dims(), ", which int32 does not hold");
    sizes[i] = static_cast<int32_t>(input.dim(i));
  }
}

void InferSize(const NoAttrs&, InferContext& context) { context.SetOut("Out", {1}, DType::kInt64); }

void Size(const CpuContext&, const NoAttrs&, const Tensor& input, Tensor& out) {
  *out.mutable_data<int64_t>() = input.numel();
}

void InferIsEmpty(const NoAttrs&, InferContext& context) { context.SetOut("Out", {1}, DType::kBool); }

void IsEmpty(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  *out.mutable_data<bool>() = x.numel() == 0;
}

constexpr unsigned kOnlyMeta = kMetaOnly | kNoGradient;

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "shape",
                         .doc = "Out = the shape of Input.",
                         .inputs = {{"Input", "Tensor of any shape.", kOnlyMeta}},
                         .outputs = {{"Out", "The sizes, int32[rank]."}},
                         .infer = InferShape}),
    RegisterKernel("shape", Shape),
    RegisterOp<NoAttrs>({.name = "size",
                         .doc = "Out = the number of elements of Input.",
                         .inputs = {{"Input", "Tensor of any shape.", kOnlyMeta}},
                         .outputs = {{"Out", "The number, int64[1]."}},
                         .infer = InferSize}),
    RegisterKernel("size", Size),
    RegisterOp<NoAttrs>({.name = "is_empty",
                         .doc = "Out = whether X has no elements.",
                         .inputs = {{"X", "Tensor of any shape.", kOnlyMeta}},
                         .outputs = {{"Out", "bool[1]."}},
                         .infer = InferIsEmpty}),
    RegisterKernel("is_empty", IsEmpty),
};

}  // namespace
}  // namespace paddle
