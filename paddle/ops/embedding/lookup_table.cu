#include <vector>

#include "paddle/math/cuda/merge_rows.h"
#include "paddle/op/cuda/expect.h"
#include "paddle/op/registry.h"
#include "paddle/ops/embedding/ids.h"
#include "paddle/ops/embedding/lookup_table.h"

namespace paddle {
namespace {

template <class T, class Id>
void RunLookup(const CudaContext& context, int64_t padding, DeviceReport* report, const Tensor& w, const Tensor& ids,
               Tensor* out) {
  const int64_t height = w.dim(0), width = w.dim(1);
  const Id* id = ids.data<Id>();
  const T* table = w.data<T>();
  T* to = out->mutable_data<T>();
  cuda::ForEach(context, ids.numel() * width, [=] __device__(int64_t i) {
    const int64_t row = id[i / width];
    const bool there = row >= 0 && row < height;
    if (!there) cuda::Report(report, i / width, row);
    to[i] = there && row != padding ? table[row * width + i % width] : T(0);
  });
}

template <class Attrs>
void Lookup(const CudaContext& context, const Attrs& attrs, const OpDesc& op, const Tensor& w, const Tensor& ids,
            Tensor& out) {
  DeviceReport* report =
      cuda::Expect(context, op, {{"W", &w}, {"Ids", &ids}},
                   [height = w.dim(0)](int64_t index, int64_t id) { return NoSuchRow(index, id, height); });
  VisitIndex(ids.dtype(), [&]<class Id>() {
    if (w.dtype() == DType::kInt8) return RunLookup<int8_t, Id>(context, attrs.padding_idx, report, w, ids, &out);
    VisitFloat(w.dtype(), [&]<class T>() { RunLookup<T, Id>(context, attrs.padding_idx, report, w, ids, &out); });
  });
}

// The numbers of the rows, which the host needs: for SelectedRows, and to add up in a fixed order.
std::vector<int64_t> RowsOnHost(const CudaContext& context, const Tensor& ids, int64_t height) {
  Tensor on_host(ids.dims(), ids.dtype());
  context.CopyToHost(on_host.mutable_raw(), ids.raw(), ids.bytes());
  std::vector<int64_t> rows = ToInt64s(on_host);
  for (size_t i = 0; i < rows.size(); ++i) CheckId(rows[i], height, static_cast<int64_t>(i));
  return rows;
}

template <class T>
void AddRows(const CudaContext& context, int64_t padding, const SelectedRows& gradient, const Tensor& d_out,
             Tensor* dw) {
  cuda::RowMerger merger;
  merger.Sort(context, gradient);
  const int64_t width = dw->dim(1);
  T* to = dw->mutable_data<T>();
  merger.ForEachTouched(context, d_out.data<T>(), [=] __device__(int64_t i, T g) {
    if (i / width != padding) to[i] = g;
  });
}

template <class Attrs>
void LookupGrad(const CudaContext& context, const Attrs& attrs, const Tensor&, const Tensor& ids, const Tensor& d_out,
                Tensor& dw) {
  context.SetZero(dw.mutable_raw(), dw.bytes());
  SelectedRows gradient;  // its values are d_out's
  gradient.meta.dims = dw.dims();
  gradient.rows = RowsOnHost(context, ids, dw.dim(0));
  VisitFloat(dw.dtype(), [&]<class T>() { AddRows<T>(context, attrs.padding_idx, gradient, d_out, &dw); });
}

template <class T, class Id>
void CopyRows(const CudaContext& context, int64_t padding, const Tensor& ids, const Tensor& d_out, Tensor* rows) {
  const Id* id = ids.data<Id>();
  const T* d = d_out.data<T>();
  T* to = rows->mutable_data<T>();
  const int64_t width = rows->dim(1);
  cuda::ForEach(context, rows->numel(), [=] __device__(int64_t i) { to[i] = id[i / width] == padding ? T(0) : d[i]; });
}

template <class Attrs>
void LookupSparseGrad(const CudaContext& context, const Attrs& attrs, const Tensor& w, const Tensor& ids,
                      const Tensor& d_out, SelectedRows& dw) {
  dw.Allocate(ids.numel(), context.allocator());
  dw.rows = RowsOnHost(context, ids, w.dim(0));
  VisitFloat(dw.value.dtype(), [&]<class T>() {
    VisitIndex(ids.dtype(), [&]<class Id>() { CopyRows<T, Id>(context, attrs.padding_idx, ids, d_out, &dw.value); });
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("lookup_table", Lookup<LookupTableAttrs>),
    RegisterKernel("lookup_table_grad", LookupGrad<LookupTableAttrs>),
    RegisterKernel("lookup_table_grad", LookupSparseGrad<LookupTableAttrs>),
    RegisterKernel("lookup_table_v2", Lookup<LookupTableV2Attrs>),
    RegisterKernel("lookup_table_v2_grad", LookupGrad<LookupTableV2Attrs>),
    RegisterKernel("lookup_table_v2_grad", LookupSparseGrad<LookupTableV2Attrs>),
};

}  // namespace
}  // namespace paddle
