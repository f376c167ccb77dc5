// The sum of any number of tensors, sparse rows or arrays.

#include "paddle/math/sum.h"

#include <algorithm>
#include <array>

#include "paddle/math/add_rows.h"
#include "paddle/math/map_kept.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr DTypeSet kSummands{DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64, DType::kBFloat16};

bool AllDense(const InferContext& context) {
  for (int i = 0; i < context.Count("X"); ++i)
    if (context.Has("X", i) && context.In("X", i).kind != VarKind::kTensor) return false;
  return true;
}

void Infer(const NoAttrs&, InferContext& context) {
  TensorMeta* out = context.MutableOut("Out");
  const int count = context.Count("X");
  Require(count > 0, "sum needs at least one X");
  const TensorMeta& first = context.In("X");
  TensorMeta result = first;
  for (int i = 1; i < count; ++i) {
    if (!context.Has("X", i)) continue;
    const TensorMeta& x = context.In("X", i);
    Require(x.dtype == first.dtype, "X[", i, "] is ", x.dtype, " but X[0] is ", first.dtype,
            "; expected the same element type");
    Require((x.kind == VarKind::kTensorArray) == (first.kind == VarKind::kTensorArray), "X[", i, "] is a ", x.kind,
            " but X[0] is a ", first.kind, "; arrays add up with arrays only");
    if (x.kind == VarKind::kTensorArray) continue;
    const bool sparse_result = result.kind == VarKind::kSelectedRows && x.kind == VarKind::kTensor;
    Require(DimsAgree(x.dims, result.dims), "X[", i, "] has shape ", x.dims, " but X[0] has shape ", result.dims,
            "; expected the same shape");
    if (sparse_result) result.kind = VarKind::kTensor;
    for (int k = 0; k < x.rank(); ++k) result.dims[k] = std::max(result.dims[k], x.dims[k]);
  }
  context.CheckDType("X", result.kind == VarKind::kTensor && AllDense(context) ? kSummands : kNumbers);
  if (!out) return;
  out->kind = result.kind;
  out->dims = result.dims;
  out->dtype = result.dtype;
  out->lod = first.lod;
  out->lod_level = first.lod_level;
}

// Out may be the memory of any X: each piece is added up in a buffer before it is written.
template <class T>
void SumDense(Span<const Tensor> x, T* out, int64_t n) {
  if (x.size() == 2 && x[0] && x[1]) {
    const auto add = [](Computed<T> a, Computed<T> b) { return static_cast<Computed<T>>(a + b); };
    return math::MapKept(add, out, n, math::kCheapGrain, x[0]->data<T>(), x[1]->data<T>());
  }
  ParallelFor(n, math::kCheapGrain, [&](int64_t begin, int64_t end) {
    constexpr int64_t kTile = 1024;
    std::array<Computed<T>, kTile> tile;
    for (int64_t at = begin; at < end; at += kTile) {
      const int64_t count = std::min(kTile, end - at);
      std::fill_n(tile.data(), count, Computed<T>(0));
      for (const Tensor* tensor : x) {
        if (!tensor) continue;
        const T* from = tensor->data<T>() + at;
        if constexpr (std::is_same_v<T, Computed<T>>)
          math::AddTo(from, tile.data(), count);
        else
          for (int64_t i = 0; i < count; ++i) tile[i] += from[i];
      }
      std::transform(tile.data(), tile.data() + count, out + at, Kept<T>);
    }
  });
}

void Dense(const CpuContext&, const NoAttrs&, Span<const Tensor> x, Tensor& out) {
  if (out.dtype() == DType::kBFloat16) return SumDense(x, out.mutable_data<BFloat16>(), out.numel());
  VisitNumber(out.dtype(), [&]<class T>() { SumDense(x, out.mutable_data<T>(), out.numel()); });
}

// The rows of all inputs, one after the other: rows that appear twice add up by definition.
void Sparse(const CpuContext& cpu, const NoAttrs&, Span<const SelectedRows> x, SelectedRows& out) {
  int64_t count = 0;
  bool in_place = false;
  for (const SelectedRows* rows : x) {
    if (!rows) continue;
    count += static_cast<int64_t>(rows->rows.size());
    in_place |= rows == &out;
  }
  SelectedRows fresh;
  SelectedRows& target = in_place ? fresh : out;
  target.meta = out.meta;
  target.Allocate(count, cpu.allocator());
  int64_t row = 0;
  size_t byte = 0;
  for (const SelectedRows* rows : x) {
    if (!rows) continue;
    std::copy(rows->rows.begin(), rows->rows.end(), target.rows.begin() + row);
    std::copy_n(rows->value.raw(), rows->value.bytes(), target.value.mutable_raw() + byte);
    row += static_cast<int64_t>(rows->rows.size());
    byte += rows->value.bytes();
  }
  if (in_place) out = std::move(fresh);
}

// Dense tensors and sparse rows together.
void SumMixed(Span<const Variable> x, Tensor& out) {
  VisitNumber(out.dtype(), [&]<class T>() {
    std::vector<const Tensor*> dense;
    for (const Variable* variable : x)
      if (variable && variable->holds<Tensor>()) dense.push_back(&variable->get<Tensor>());
    T* data = out.mutable_data<T>();
    SumDense<T>(dense, data, out.numel());
    const int64_t height = out.rank() ? out.dim(0) : 1, width = out.dims().Product(1, out.rank());
    for (const Variable* variable : x)
      if (variable && variable->holds<SelectedRows>())
        math::AddRows(variable->get<SelectedRows>(), data, height, width);
  });
}

// Element by element; where only some arrays have an element, the others count as zero there.
void SumArrays(const CpuContext& cpu, Span<const Variable> x, TensorArray& out) {
  std::vector<Tensor> items;
  size_t length = 0;
  for (const Variable* variable : x)
    if (variable) length = std::max(length, variable->get<TensorArray>().items.size());
  for (size_t i = 0; i < length; ++i) {
    std::vector<const Tensor*> parts;
    for (const Variable* variable : x) {
      if (!variable) continue;
      const auto& held = variable->get<TensorArray>().items;
      if (i >= held.size() || !held[i].initialized()) continue;
      Require(parts.empty() || parts[0]->dims() == held[i].dims(), "element ", i, " of the arrays has shapes ",
              parts.empty() ? Dims() : parts[0]->dims(), " and ", held[i].dims(), "; expected the same");
      parts.push_back(&held[i]);
    }
    Tensor& item = items.emplace_back();
    if (parts.empty()) continue;
    item.Allocate(parts[0]->dims(), parts[0]->dtype(), cpu.allocator());
    item.set_lod(parts[0]->lod());
    VisitNumber(item.dtype(), [&]<class T>() { SumDense<T>(parts, item.mutable_data<T>(), item.numel()); });
  }
  out.items = std::move(items);
}

void Any(const CpuContext& cpu, const NoAttrs&, Span<const Variable> x, Variable& out) {
  if (out.holds<TensorArray>()) return SumArrays(cpu, x, out.get<TensorArray>());
  SumMixed(x, out.get<Tensor>());
}

// One copy of the gradient an input.
void Grad(const NoAttrs&, GradContext& context) {
  for (const auto& name : context.InGrad("X")) {
    OpDesc& op = context.Emit("scale");
    op.SetInput("X", context.OutGrad("Out"));
    op.SetOutput("Out", {name});
    op.SetAttr("scale", 1.0f);
  }
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "sum",
         .doc =
             "Out = the sum of all X: dense tensors of one shape, sparse rows, both together (the result is dense), or "
             "arrays element by element.",
         .inputs = {{"X", "The summands.", kRepeated}},
         .outputs = {{"Out", "The sum, with the LoD of the first X."}},
         .infer = Infer,
         .grad = Grad,
         .may_share = {{"Out", "X"}}}),
    RegisterKernel("sum", Dense),
    RegisterKernel("sum", Sparse),
    RegisterKernel("sum", Any),
};

}  // namespace
}  // namespace paddle
