// Conversions of sparse rows: merge_selected_rows and get_tensor_from_selected_rows.

#include <cstring>

#include "paddle/op/registry.h"
#include "paddle/ops/sparse/merged_rows.h"

namespace paddle {
namespace {

void CheckSparse(const InferContext& context) {
  const VarKind kind = context.In("X").kind;
  Require(kind == VarKind::kSelectedRows, "X is a ", kind, "; expected sparse rows");
}

void InferMerge(const NoAttrs&, InferContext& context) {
  CheckSparse(context);
  context.CheckDType("X", kFloats);
  context.CopyMeta("X", "Out");
  if (TensorMeta* out = context.MutableOut("Out")) out->kind = VarKind::kSelectedRows;
}

void Merge(const CpuContext& cpu, const NoAttrs&, RowMerger& merger, const SelectedRows& x, SelectedRows& out) {
  merger.Merge(x);
  if (&out == &x && merger.rows() == x.rows) return;  // merged already
  out.Allocate(static_cast<int64_t>(merger.rows().size()), cpu.allocator());
  out.rows = merger.rows();
  VisitFloat(out.value.dtype(), [&]<class T>() {
    if (out.value.bytes()) std::memcpy(out.value.mutable_raw(), merger.value<T>(0), out.value.bytes());
  });
}

void InferTensor(const NoAttrs&, InferContext& context) {
  CheckSparse(context);
  Dims dims = context.In("X").dims;
  Require(dims.rank() >= 1, "X has no rows");
  dims[0] = -1;
  context.SetOut("Out", dims, context.In("X").dtype);
}

void GetTensor(const CpuContext& cpu, const NoAttrs&, const SelectedRows& x, Tensor& out) {
  out.CopyFrom(x.value, cpu.allocator());
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "merge_selected_rows",
                         .doc = "Out = X with the rows of the same number added up, in rising order.",
                         .inputs = {{"X", "Sparse rows.", kNoGradient}},
                         .outputs = {{"Out", "Sparse rows of the same height."}},
                         .infer = InferMerge}),
    RegisterKernel("merge_selected_rows", PrepareRows<NoAttrs>, Merge),
    RegisterOp<NoAttrs>({.name = "get_tensor_from_selected_rows",
                         .doc = "Out = the rows of X as they are held, one below the other.",
                         .inputs = {{"X", "Sparse rows.", kNoGradient}},
                         .outputs = {{"Out", "Tensor [rows held, ...].", kDynamic}},
                         .infer = InferTensor}),
    RegisterKernel("get_tensor_from_selected_rows", GetTensor),
};

}  // namespace
}  // namespace paddle
