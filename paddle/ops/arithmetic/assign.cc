#include <algorithm>
#include <cstring>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  context.CopyMeta("X", "Out");
  if (TensorMeta* out = context.MutableOut("Out")) out->kind = context.In("X").kind;
}

void Copy(const Tensor& x, Tensor& out) {
  if (x.bytes() && out.mutable_raw() != x.raw()) std::memmove(out.mutable_raw(), x.raw(), x.bytes());
}

void Dense(const CpuContext&, const NoAttrs&, const Tensor* x, Tensor& out) { Copy(*x, out); }

void Sparse(const CpuContext& cpu, const NoAttrs&, const SelectedRows* x, SelectedRows& out) {
  if (x == &out) return;
  out.Allocate(static_cast<int64_t>(x->rows.size()), cpu.allocator());
  std::copy(x->rows.begin(), x->rows.end(), out.rows.begin());
  Copy(x->value, out.value);
}

void Array(const CpuContext& cpu, const NoAttrs&, const TensorArray* x, TensorArray& out) {
  if (x == &out) return;
  out.items.resize(x->items.size());
  for (size_t i = 0; i < x->items.size(); ++i) {
    if (x->items[i].initialized())
      out.items[i].CopyFrom(x->items[i], cpu.allocator());
    else
      out.items[i] = {};
  }
}

void Grad(const NoAttrs&, GradContext& context) {
  OpDesc& op = context.Emit("assign");
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "assign",
                         .doc = "Out = a copy of X.",
                         .inputs = {{"X", "Tensor, sparse rows or array.", kOptional}},
                         .outputs = {{"Out", "As X in kind, shape, element type and LoD."}},
                         .infer = Infer,
                         .grad = Grad,
                         .may_share = {{"Out", "X"}}}),
    RegisterKernel("assign", Dense),
    RegisterKernel("assign", Sparse),
    RegisterKernel("assign", Array),
};

}  // namespace
}  // namespace paddle
