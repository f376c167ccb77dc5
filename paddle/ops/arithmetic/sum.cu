#include <algorithm>

#include "paddle/math/cuda/merge_rows.h"
#include "paddle/math/cuda/sum.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Dense(const CudaContext& context, const NoAttrs&, Span<const Tensor> x, Tensor& out) {
  VisitNumber(out.dtype(), [&]<class T>() { cuda::SumArrays<T>(context, x, out.mutable_data<T>(), out.numel()); });
}

// The rows of all inputs, one after the other.
void Sparse(const CudaContext& context, const NoAttrs&, Span<const SelectedRows> x, SelectedRows& out) {
  SelectedRows fresh;  // `out` may be one of the inputs
  fresh.meta = out.meta;
  int64_t count = 0;
  for (const SelectedRows* rows : x)
    if (rows) count += static_cast<int64_t>(rows->rows.size());
  fresh.Allocate(count, context.allocator());
  int64_t row = 0;
  size_t byte = 0;
  for (const SelectedRows* rows : x) {
    if (!rows) continue;
    std::copy(rows->rows.begin(), rows->rows.end(), fresh.rows.begin() + row);
    context.Copy(fresh.value.mutable_raw() + byte, rows->value.raw(), rows->value.bytes());
    row += static_cast<int64_t>(rows->rows.size());
    byte += rows->value.bytes();
  }
  out = std::move(fresh);
}

template <class T>
void AddRows(const CudaContext& context, const SelectedRows& rows, T* out) {
  cuda::RowMerger merger;
  merger.Sort(context, rows);
  merger.ForEachTouched(context, rows.value.data<T>(), [=] __device__(int64_t i, T g) { out[i] += g; });
}

void SumMixed(const CudaContext& context, Span<const Variable> x, Tensor* out) {
  std::vector<const Tensor*> dense;
  for (const Variable* variable : x)
    if (variable && variable->holds<Tensor>()) dense.push_back(&variable->get<Tensor>());
  VisitNumber(out->dtype(), [&]<class T>() {
    cuda::SumArrays<T>(context, dense, out->mutable_data<T>(), out->numel());
    for (const Variable* variable : x)
      if (variable && variable->holds<SelectedRows>())
        AddRows(context, variable->get<SelectedRows>(), out->mutable_data<T>());
  });
}

// Element by element; where only some arrays have an element, the others count as zero there.
void SumItems(const CudaContext& context, Span<const Variable> x, TensorArray* out) {
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
    item.Allocate(parts[0]->dims(), parts[0]->dtype(), context.allocator());
    item.set_lod(parts[0]->lod());
    VisitNumber(item.dtype(),
                [&]<class T>() { cuda::SumArrays<T>(context, parts, item.mutable_data<T>(), item.numel()); });
  }
  out->items = std::move(items);
}

void Any(const CudaContext& context, const NoAttrs&, Span<const Variable> x, Variable& out) {
  if (out.holds<TensorArray>()) return SumItems(context, x, &out.get<TensorArray>());
  SumMixed(context, x, &out.get<Tensor>());
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("sum", Dense),
    RegisterKernel("sum", Sparse),
    RegisterKernel("sum", Any),
};

}  // namespace
}  // namespace paddle
