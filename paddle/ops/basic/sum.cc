// The sum of several tensors, sparse or dense, or of arrays of tensors.

#include <algorithm>
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int64_t kGrain = 16384;

void InferSum(const NoAttrs&, InferContext& context) {
  TensorMeta* out = context.MutableOut("Out");
  if (!out) return;
  Require(context.Count("X") > 0, "sum needs at least one input");
  bool dense = false, array = false;
  int shaped = -1;  // the input that tells the shape: dense ones first
  for (int i = 0; i < context.Count("X"); ++i) {
    const TensorMeta& x = context.In("X", i);
    context.CheckDType("X", kNumbers, i);
    dense |= x.kind == VarKind::kTensor;
    array |= x.kind == VarKind::kTensorArray;
    if (shaped < 0 || (x.kind == VarKind::kTensor && context.In("X", shaped).kind != VarKind::kTensor)) shaped = i;
  }
  const TensorMeta& like = context.In("X", shaped);
  for (int i = 0; i < context.Count("X"); ++i) {
    const TensorMeta& x = context.In("X", i);
    Require(x.dtype == like.dtype, "input ", i, " of sum is ", x.dtype, ", but input ", shaped, " is ", like.dtype);
    Require(array || DimsAgree(x.dims, like.dims), "input ", i, " of sum has shape ", x.dims, ", but input ", shaped, " has ", like.dims);
  }
  const VarKind kind = array ? VarKind::kTensorArray : dense ? VarKind::kTensor : VarKind::kSelectedRows;
  const TensorMeta from = like;
  out->kind = kind;
  out->dtype = from.dtype;
  out->dims = from.dims;
  out->lod = context.In("X", 0).lod;
  out->lod_level = context.In("X", 0).lod_level;
}

template <class T>
void AddTo(const T* x, int64_t n, T* out) {
  ParallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] += x[i];
  });
}

template <class T>
void AddRows(const SelectedRows& x, Tensor& out) {
  const int64_t width = out.dims().Product(1, out.rank());
  for (size_t i = 0; i < x.rows.size(); ++i) {
    Require(x.rows[i] >= 0 && x.rows[i] < out.dim(0), "row ", x.rows[i], " of a sparse input is out of range; the matrix has ", out.dim(0), " rows");
    const T* from = x.value.data<T>() + static_cast<int64_t>(i) * width;
    T* to = out.mutable_data<T>() + x.rows[i] * width;
    for (int64_t k = 0; k < width; ++k) to[k] += from[k];
  }
}

void SumTensors(const CpuContext&, const NoAttrs&, Span<const Tensor> xs, Tensor& out) {
  // Out may be the first input's memory, and only that one's.
  if (xs[0]->raw() != out.raw() && out.bytes()) std::memcpy(out.mutable_raw(), xs[0]->raw(), out.bytes());
  VisitNumber(out.dtype(), [&]<class T>() {
    for (const Tensor* x : xs.subspan(1)) AddTo(x->data<T>(), out.numel(), out.mutable_data<T>());
  });
}

void SumSparse(const CpuContext& cpu, const NoAttrs&, Span<const SelectedRows> xs, SelectedRows& out) {
  int64_t count = 0;
  for (const SelectedRows* x : xs) count += static_cast<int64_t>(x->rows.size());
  out.Allocate(count, cpu.allocator());
  std::byte* to = out.value.mutable_raw();
  auto row = out.rows.begin();
  for (const SelectedRows* x : xs) {
    if (x->value.bytes()) std::memcpy(to, x->value.raw(), x->value.bytes());
    to += x->value.bytes();
    row = std::copy(x->rows.begin(), x->rows.end(), row);
  }
}

void SumArrays(const CpuContext& cpu, const NoAttrs&, Span<const TensorArray> xs, TensorArray& out) {
  std::vector<Tensor> sums;
  for (const TensorArray* x : xs) {
    if (sums.size() < x->items.size()) sums.resize(x->items.size());
    for (size_t i = 0; i < x->items.size(); ++i) {
      const Tensor& item = x->items[i];
      if (!item.initialized()) continue;
      if (!sums[i].initialized()) {
        sums[i].CopyFrom(item, cpu.allocator());
        continue;
      }
      Require(sums[i].dims() == item.dims(), "entry ", i, " of the arrays has shapes ", sums[i].dims(), " and ", item.dims());
      VisitNumber(item.dtype(), [&]<class T>() { AddTo(item.data<T>(), item.numel(), sums[i].mutable_data<T>()); });
    }
  }
  out.items = std::move(sums);
}

void SumMixed(const CpuContext&, const NoAttrs&, Span<const Variable> xs, Tensor& out) {
  VisitNumber(out.dtype(), [&]<class T>() {
    std::fill_n(out.mutable_data<T>(), out.numel(), T(0));
    for (const Variable* x : xs) {
      if (x->holds<SelectedRows>()) AddRows<T>(x->get<SelectedRows>(), out);
      else AddTo(x->get<Tensor>().data<T>(), out.numel(), out.mutable_data<T>());
    }
  });
}

void GradSum(const NoAttrs&, GradContext& g) {
  for (const auto& name : g.InGrad("X")) {
    OpDesc& op = g.Emit("scale");
    op.SetInput("X", g.OutGrad("Out"));
    op.SetOutput("Out", {name});
    op.SetAttr("scale", 1.0f);
  }
}

const Registered kSum = RegisterOp<NoAttrs>({
    .name = "sum",
    .doc = "The sum of tensors of one shape; of SelectedRows (their rows one after another); of both (dense); of arrays, entry by entry.",
    .inputs = {{"X", "The summands.", kRepeated}},
    .outputs = {{"Out", "The sum, grouped as the first summand."}},
    .infer = InferSum,
    .grad = GradSum,
});
const Registered kSumTensors = RegisterKernel("sum", SumTensors);
const Registered kSumSparse = RegisterKernel("sum", SumSparse);
const Registered kSumArrays = RegisterKernel("sum", SumArrays);
const Registered kSumMixed = RegisterKernel("sum", SumMixed);

}  // namespace
}  // namespace paddle
