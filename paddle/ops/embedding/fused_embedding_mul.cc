// The product of looked-up rows and a weight, where each different row is multiplied once. No program names this op:
// the pass fuse_embedding_mul puts it in the place of lookup_table and mul, and of a cast to bfloat16 between them.
#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/math/cast.h"
#include "paddle/math/gemm.h"
#include "paddle/math/merge_rows.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/float_types.h"
#include "paddle/op/registry.h"
#include "paddle/ops/embedding/ids.h"

namespace paddle {
namespace {

struct FusedEmbeddingMulAttrs {
  int64_t padding_idx = -1;
  bool is_sparse = false;
  bool ids_column = true;

  static auto Fields() {
    using A = FusedEmbeddingMulAttrs;
    return std::tuple{
        Field{"padding_idx", &A::padding_idx, "The id whose row counts as zeros and gets no gradient; -1: none."},
        Field{"is_sparse", &A::is_sparse,
              "Whether the gradient of W is SelectedRows: only the rows looked up, each once."},
        Field{"ids_column", &A::ids_column, "Whether Ids ends in a dimension of 1, as those of lookup_table do."}};
  }
};

// Elements of W's rows and of those of the product, and the number of ids.
struct Sizes {
  int64_t ids, width, columns;
};

Sizes SizesOf(const OpMetas& metas) {
  const Dims &ids = metas.In("Ids").dims, &y = metas.In("Y").dims;
  return {ids.Product(0, ids.rank()), y[0], y[1]};
}

Dims OutDims(const FusedEmbeddingMulAttrs& attrs, InferContext& context) {
  context.CheckRank("W", 2, 2);
  context.CheckRank("Y", 2, 2);
  context.CheckRank("Ids", 1, kMaxRank);
  context.CheckDType("W", kFloats);
  if (context.In("W").dtype != DType::kFloat32 || context.In("Y").dtype != DType::kBFloat16)
    context.CheckSameDType("W", "Y");
  context.CheckDType("Ids", kIndices);
  const Dims &w = context.In("W").dims, &y = context.In("Y").dims, &ids = context.In("Ids").dims;
  Require(SizesAgree(w[1], y[0]), "W ", w, " has rows of ", w[1], " elements, but Y ", y, " has ", y[0], " rows");
  CheckPadding(attrs.padding_idx, w);
  Dims out = ids;
  if (attrs.ids_column) {
    Require(SizesAgree(ids[ids.rank() - 1], 1), "Ids has shape ", ids, "; expected a last dimension of 1");
    out[out.rank() - 1] = y[1];
  } else {
    out.Append(y[1]);
  }
  return out;
}

void Infer(const FusedEmbeddingMulAttrs& attrs, InferContext& context) {
  context.SetOut("Out", OutDims(attrs, context), context.In("Y").dtype);
  context.ShareLod("Ids", "Out");
}

void InferGrad(const FusedEmbeddingMulAttrs& attrs, InferContext& context) {
  CheckDims(context, "Out@GRAD", OutDims(attrs, context));
  context.CheckSameDType("Y", "Out@GRAD");
  context.SetOut("Y@GRAD", context.In("Y").dims, context.In("Y").dtype);
  context.SetOut("W@GRAD", context.In("W").dims, context.In("W").dtype);
  if (TensorMeta* meta = context.MutableOut("W@GRAD"))
    meta->kind = attrs.is_sparse ? VarKind::kSelectedRows : VarKind::kTensor;
}

// The different ids of a batch, and room for a matrix that has a row for each of them; the room is for as many as there
// are ids.
struct UniqueRows {
  RowOrder order = {};
  std::vector<int64_t> ids = {};
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }

  int64_t count() const { return static_cast<int64_t>(order.rows.size()); }

  void Find(const Tensor& tensor, int64_t height) {
    ids.resize(tensor.numel());
    VisitIndex(tensor.dtype(), [&]<class Id>() { std::copy_n(tensor.data<Id>(), ids.size(), ids.begin()); });
    for (size_t i = 0; i < ids.size(); ++i) CheckId(ids[i], height, static_cast<int64_t>(i));
    order.Sort(ids);
  }

  // Calls f(k, id) for each different id, on all threads.
  template <class F>
  void ForEach(int64_t width, const F& f) const {
    ParallelFor(count(), std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(width, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t k = begin; k < end; ++k) f(k, order.rows[k]);
                });
  }

  // Row k of `out`: W's row of the k-th id, rounded where T is bfloat16.
  template <class T>
  void Gather(const Tensor& w, int64_t padding_idx, T* out) const {
    const int64_t width = w.dim(1), bytes = width * static_cast<int64_t>(SizeOf(w.dtype()));
    ForEach(width, [&](int64_t k, int64_t id) {
      if (id == padding_idx)
        std::fill_n(out + k * width, width, T());
      else
        math::CastArray(w.raw() + id * bytes, w.dtype(), out + k * width, DTypeOf<T>(), width);
    });
  }
};

template <bool kBackward>
UniqueRows Prepare(const CpuContext&, const FusedEmbeddingMulAttrs&, const OpMetas& metas) {
  const Sizes s = SizesOf(metas);
  const int64_t elements = s.ids * (s.width * (kBackward ? 2 : 1) + s.columns);
  return {.bytes = static_cast<size_t>(elements) * SizeOf(metas.In("Y").dtype)};
}

void Run(const CpuContext&, const FusedEmbeddingMulAttrs& attrs, UniqueRows& unique, Scratch scratch, const Tensor& w,
         const Tensor& ids, const Tensor& y, Tensor& out) {
  unique.Find(ids, w.dim(0));
  const int64_t width = w.dim(1), columns = y.dim(1);
  VisitMixedFloat(y.dtype(), [&]<class T>() {
    T* rows = reinterpret_cast<T*>(scratch.data);
    T* products = rows + ids.numel() * width;
    unique.Gather(w, attrs.padding_idx, rows);
    Gemm<T>({.m = unique.count(), .n = columns, .k = width}, 1, rows, y.data<T>(), 0, products);
    T* to = out.mutable_data<T>();
    const RowOrder& order = unique.order;
    unique.ForEach(columns, [&](int64_t k, int64_t) {
      for (int64_t i = order.begin[k]; i < order.begin[k + 1]; ++i)
        std::copy_n(products + k * columns, columns, to + order.places[i] * columns);
    });
  });
}

// Calls `table(rows)` with the gradient of W's rows, one for each different id, where `wants_table`. Of bfloat16, each
// sum and each product is rounded once.
template <class T, class F>
void Backward(const FusedEmbeddingMulAttrs& attrs, UniqueRows& unique, Scratch scratch, const Tensor& w,
              const Tensor& ids, const Tensor& y, const Tensor& d_out, Tensor* dy, bool wants_table, const F& table) {
  unique.Find(ids, w.dim(0));
  const int64_t count = unique.count(), width = w.dim(1), columns = y.dim(1);
  T* sums = reinterpret_cast<T*>(scratch.data);
  T* rows = sums + ids.numel() * columns;
  SumRows(unique.order, columns, d_out.data<T>(), sums);
  if (dy) {
    unique.Gather(w, attrs.padding_idx, rows);
    Gemm<T>({.m = width, .n = columns, .k = count, .trans_a = true}, 1, rows, sums, 0, dy->mutable_data<T>());
  }
  if (!wants_table) return;
  T* row_grads = rows + ids.numel() * width;
  Gemm<T>({.m = count, .n = width, .k = columns, .trans_b = true}, 1, sums, y.data<T>(), 0, row_grads);
  for (int64_t k = 0; k < count; ++k)
    if (unique.order.rows[k] == attrs.padding_idx) std::fill_n(row_grads + k * width, width, T());
  table(row_grads);
}

void RunGrad(const CpuContext&, const FusedEmbeddingMulAttrs& attrs, UniqueRows& unique, Scratch scratch,
             const Tensor& w, const Tensor& ids, const Tensor& y, const Tensor& d_out, Tensor* dw, Tensor* dy) {
  VisitMixedFloat(y.dtype(), [&]<class T>() {
    Backward<T>(attrs, unique, scratch, w, ids, y, d_out, dy, dw != nullptr, [&](const T* grads) {
      const int64_t width = w.dim(1), bytes = width * static_cast<int64_t>(SizeOf(w.dtype()));
      std::byte* out = dw->mutable_raw();
      ParallelFor(w.dim(0) * bytes, kBytesPerTask,
                  [&](int64_t begin, int64_t end) { std::fill(out + begin, out + end, std::byte{0}); });
      unique.ForEach(width, [&](int64_t k, int64_t id) {
        math::CastArray(grads + k * width, DTypeOf<T>(), out + id * bytes, w.dtype(), width);
      });
    });
  });
}

void RunSparseGrad(const CpuContext& cpu, const FusedEmbeddingMulAttrs& attrs, UniqueRows& unique, Scratch scratch,
                   const Tensor& w, const Tensor& ids, const Tensor& y, const Tensor& d_out, SelectedRows* dw,
                   Tensor* dy) {
  VisitMixedFloat(y.dtype(), [&]<class T>() {
    Backward<T>(attrs, unique, scratch, w, ids, y, d_out, dy, dw != nullptr, [&](const T* grads) {
      dw->Allocate(unique.count(), cpu.allocator());
      dw->rows = unique.order.rows;
      math::CastArray(grads, DTypeOf<T>(), dw->value.mutable_raw(), w.dtype(), unique.count() * w.dim(1));
    });
  });
}

const Registered kOp = RegisterOp<FusedEmbeddingMulAttrs>({
    .name = "fused_embedding_mul",
    .doc =
        "Rows of a table by number times a weight: Out[i] = W[Ids[i]] Y; the product of each different row is computed "
        "once. Takes the place of lookup_table and mul when a plan is made.",
    .inputs = {{"W", "Table [rows, width]."},
               {"Ids", "Row numbers, int64 or int32: [..., 1] or, without ids_column, of any shape.", kNoGradient},
               {"Y",
                "Weight [width, columns] of W's type; or of bfloat16 where W is float32, the rows of which are rounded "
                "to it then."}},
    .outputs = {{"Out", "[..., columns] of Y's type, grouped as Ids."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("fused_embedding_mul", Prepare<false>, Run);

const Registered kGradOp = RegisterOp<FusedEmbeddingMulAttrs>({
    .name = "fused_embedding_mul_grad",
    .doc = "Gradient of fused_embedding_mul; gradients of the products are added up by id first.",
    .inputs =
        {{"W", "The table."}, {"Ids", "The ids.", kNoGradient}, {"Y", "The weight."}, {"Out@GRAD", "Gradient of Out."}},
    .outputs = {{"W@GRAD", "Gradient of the table, dense or SelectedRows: all its rows, or each that was looked up.",
                 kOptional},
                {"Y@GRAD", "Gradient of the weight.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("fused_embedding_mul_grad", Prepare<true>, RunGrad);
const Registered kSparseGradCpu = RegisterKernel("fused_embedding_mul_grad", Prepare<true>, RunSparseGrad);

}  // namespace
}  // namespace paddle
