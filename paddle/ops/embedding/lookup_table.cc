// Rows of a table by number: lookup_table, whose ids end in a dimension of 1, and lookup_table_v2, whose ids have any
// shape.
#include "paddle/ops/embedding/lookup_table.h"

#include <algorithm>
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/op/registry.h"
#include "paddle/ops/embedding/ids.h"

namespace paddle {
namespace {

// The dims of Out.
template <class Attrs>
Dims InferLookup(const Attrs& attrs, InferContext& context) {
  context.CheckRank("W", 2, 2);
  context.CheckDType("Ids", kIndices);
  context.CheckRank("Ids", 1, kMaxRank);
  const Dims &w = context.In("W").dims, &ids = context.In("Ids").dims;
  // Sparse embeddings carry remote_prefetch in every program; it means something only where servers are named.
  if (!attrs.epmap.empty())
    throw Unimplemented(StrCat("rows cannot be fetched from the parameter servers ", attrs.epmap));
  CheckPadding(attrs.padding_idx, w);
  Dims out = ids;
  if (Attrs::kColumn) {
    Require(SizesAgree(ids[ids.rank() - 1], 1), "Ids has shape ", ids, "; expected a last dimension of 1");
    out[out.rank() - 1] = w[1];
  } else {
    out.Append(w[1]);
  }
  return out;
}

template <class Attrs>
void Infer(const Attrs& attrs, InferContext& context) {
  static constexpr DTypeSet kTables{DType::kFloat32, DType::kFloat64, DType::kInt8};
  context.CheckDType("W", Attrs::kColumn ? kTables : kFloats);
  context.SetOut("Out", InferLookup(attrs, context), context.In("W").dtype);
  context.ShareLod("Ids", "Out");
}

template <class Attrs>
void InferGrad(const Attrs& attrs, InferContext& context) {
  const Dims out = InferLookup(attrs, context);
  context.CheckDType("W", kFloats);
  context.CheckSameDType("W", "Out@GRAD");
  Require(DimsAgree(out, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected ", out);
  context.SetOut("W@GRAD", context.In("W").dims, context.In("W").dtype);
  if (TensorMeta* meta = context.MutableOut("W@GRAD"))
    meta->kind = attrs.is_sparse ? VarKind::kSelectedRows : VarKind::kTensor;
}

template <class Attrs>
void Lookup(const CpuContext&, const Attrs& attrs, const Tensor& w, const Tensor& ids, Tensor& out) {
  const int64_t height = w.dim(0), bytes = w.dim(1) * static_cast<int64_t>(SizeOf(w.dtype()));
  VisitIndex(ids.dtype(), [&]<class Id>() {
    const Id* id = ids.data<Id>();
    ParallelFor(ids.numel(), std::max<int64_t>(1, kBytesPerTask / std::max<int64_t>(bytes, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    std::byte* to = out.mutable_raw() + i * bytes;
                    const int64_t row = CheckId(id[i], height, i);
                    if (row == attrs.padding_idx)
                      std::memset(to, 0, bytes);
                    else
                      std::memcpy(to, w.raw() + row * bytes, bytes);
                  }
                });
  });
}

// Each task owns a range of the table's rows and adds what belongs there, in the order of the ids.
template <class Attrs>
void LookupGrad(const CpuContext&, const Attrs& attrs, const Tensor&, const Tensor& ids, const Tensor& d_out,
                Tensor& dw) {
  const int64_t height = dw.dim(0), width = dw.dim(1), count = ids.numel();
  VisitFloat(dw.dtype(), [&]<class T>() {
    VisitIndex(ids.dtype(), [&]<class Id>() {
      const Id* id = ids.data<Id>();
      const T* d = d_out.data<T>();
      T* out = dw.mutable_data<T>();
      for (int64_t i = 0; i < count; ++i) CheckId(id[i], height, i);
      ParallelFor(height, std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(width, 1)),
                  [&](int64_t begin, int64_t end) {
                    std::fill(out + begin * width, out + end * width, T(0));
                    for (int64_t i = 0; i < count; ++i) {
                      const int64_t row = id[i];
                      if (row < begin || row >= end || row == attrs.padding_idx) continue;
                      for (int64_t j = 0; j < width; ++j) out[row * width + j] += d[i * width + j];
                    }
                  });
    });
  });
}

template <class Attrs>
void LookupSparseGrad(const CpuContext& cpu, const Attrs& attrs, const Tensor& w, const Tensor& ids,
                      const Tensor& d_out, SelectedRows& dw) {
  const int64_t height = w.dim(0), count = ids.numel();
  dw.Allocate(count, cpu.allocator());
  const size_t bytes = static_cast<size_t>(w.dim(1)) * SizeOf(dw.value.dtype());
  VisitIndex(ids.dtype(), [&]<class Id>() {
    const Id* id = ids.data<Id>();
    ParallelFor(count, std::max<int64_t>(1, kBytesPerTask / std::max<int64_t>(static_cast<int64_t>(bytes), 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    dw.rows[i] = CheckId(id[i], height, i);
                    std::byte* to = dw.value.mutable_raw() + i * bytes;
                    if (dw.rows[i] == attrs.padding_idx)
                      std::memset(to, 0, bytes);
                    else
                      std::memcpy(to, d_out.raw() + i * bytes, bytes);
                  }
                });
  });
}

template <class Attrs>
Registered RegisterForward(std::string_view name, std::string_view ids_doc, std::string_view out_doc) {
  RegisterOp<Attrs>({.name = name,
                     .doc = "Rows of a table by number: Out[i] = W[Ids[i]].",
                     .inputs = {{"W", "Table [rows, width]."}, {"Ids", ids_doc, kNoGradient}},
                     .outputs = {{"Out", out_doc}},
                     .infer = Infer<Attrs>});
  return RegisterKernel(name, Lookup<Attrs>);
}

template <class Attrs>
Registered RegisterGrad(std::string_view name, std::string_view doc) {
  RegisterOp<Attrs>({.name = name,
                     .doc = doc,
                     .inputs = {{"W", "The table.", kMetaOnly},
                                {"Ids", "The ids, int64 or int32.", kNoGradient},
                                {"Out@GRAD", "Gradient of the rows."}},
                     .outputs = {{"W@GRAD",
                                  "Gradient of the table, dense or SelectedRows: all its rows, or those that were "
                                  "looked up, as often as they were."}},
                     .infer = InferGrad<Attrs>});
  RegisterKernel(name, LookupGrad<Attrs>);
  return RegisterKernel(name, LookupSparseGrad<Attrs>);
}

const Registered kOp = RegisterForward<LookupTableAttrs>("lookup_table", "Row numbers [..., 1], int64 or int32.",
                                                         "[..., width], grouped as Ids.");
const Registered kGrad = RegisterGrad<LookupTableAttrs>(
    "lookup_table_grad",
    "Gradient of lookup_table: row r of W@GRAD is the sum of Out@GRAD[i] over all i with Ids[i] = r.");
const Registered kOp2 = RegisterForward<LookupTableV2Attrs>(
    "lookup_table_v2", "Row numbers of any shape, int64 or int32.", "[Ids' shape, width], grouped as Ids.");
const Registered kGrad2 = RegisterGrad<LookupTableV2Attrs>(
    "lookup_table_v2_grad",
    "Gradient of lookup_table_v2: row r of W@GRAD is the sum of Out@GRAD[i] over all i with Ids[i] = r.");

}  // namespace
}  // namespace paddle
