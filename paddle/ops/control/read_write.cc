// write_to_array, read_from_array, lod_array_length: a list of tensors that grows.
#include "paddle/op/registry.h"
#include "paddle/ops/control/array.h"

namespace paddle {
namespace {

void InferWrite(const NoAttrs&, InferContext& context) {
  CheckIndex(context);
  SetArray(context, "Out", context.In("X"), context.In("X").lod_level);
}

void Write(const CpuContext& cpu, const NoAttrs&, const OpDesc& op, const Tensor& x, const Tensor& i,
           TensorArray& out) {
  const int64_t index = IndexOf(i);
  if (index >= static_cast<int64_t>(out.items.size())) out.items.resize(index + 1);
  Tensor& item = out.items[index];
  // An array of gradients may get several contributions to an item, from runs of a block and from around it.
  if (item.initialized() && (op.Role() & kBackward)) return AddGradient(x, &item);
  CopyTensor(x, cpu.allocator(), &item);
}

void WriteGrad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("read_from_array");
  op.SetInput("I", context.In("I"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetInput("X_W", context.In("X"));
  op.SetOutput("Out", context.InGrad("X"));
}

void InferRead(const NoAttrs&, InferContext& context) {
  CheckArray(context, "X");
  CheckIndex(context);
  const TensorMeta x = context.In("X");
  SetUnknown(context, "Out", x.dims, x.dtype, x.lod_level);
}

void Read(const CpuContext& cpu, const NoAttrs&, const TensorArray& x, const Tensor& i, const Tensor* like,
          Tensor& out) {
  const int64_t index = IndexOf(i);
  const bool there = index < static_cast<int64_t>(x.items.size()) && x.items[index].initialized();
  if (like && !there) return ZerosLike(like->meta(), cpu.allocator(), &out);
  CopyTensor(ItemOf(x, index, "X"), cpu.allocator(), &out);
}

void ReadGrad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("write_to_array");
  op.SetInput("I", context.In("I"));
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

void InferLength(const NoAttrs&, InferContext& context) {
  CheckArray(context, "X");
  context.SetOut("Out", {1}, DType::kInt64);
}

void Length(const CpuContext&, const NoAttrs&, const TensorArray& x, Tensor& out) {
  out.mutable_data<int64_t>()[0] = static_cast<int64_t>(x.items.size());
}

constexpr SlotSpec kIndex{"I", "The item's number, counted from 0: one int32 or int64.", kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "write_to_array",
         .doc = "Writes a copy of X into item I of the array Out, which grows to I + 1 items when it is shorter. Its "
                "other items stay; those between that were never written are empty.",
         .inputs = {{"X", "Tensor of any shape, with or without a LoD."}, kIndex},
         .outputs = {{"Out", "The array; made when it is not there."}},
         .infer = InferWrite,
         .grad = WriteGrad}),
    RegisterKernel("write_to_array", Write),
    RegisterOp<NoAttrs>(
        {.name = "read_from_array",
         .doc =
             "Out = a copy of item I of the array X. An item that is not there or was never written is an error, but "
             "with X_W, in the gradient of write_to_array: there it is zero.",
         .inputs = {{"X", "The array."},
                    kIndex,
                    {"X_W", "What an item without a gradient is shaped like: what write_to_array wrote.",
                     kOptional | kMetaOnly | kNoGradient}},
         .outputs = {{"Out", "The item, with its LoD.", kDynamic}},
         .infer = InferRead,
         .grad = ReadGrad}),
    RegisterKernel("read_from_array", Read),
    RegisterOp<NoAttrs>({.name = "lod_array_length",
                         .doc = "Out = the number of items of the array X, empty ones included.",
                         .inputs = {{"X", "The array.", kNoGradient}},
                         .outputs = {{"Out", "int64[1]."}},
                         .infer = InferLength,
                         .traits = kHost}),
    RegisterKernel("lod_array_length", Length),
};

}  // namespace
}  // namespace paddle
