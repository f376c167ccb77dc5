// fused_embedding_seq_pool: lookup_table and the sum over each sequence in one.
#include "paddle/math/sum.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/embedding/ids.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct EmbeddingPoolAttrs {
  std::string combiner = "sum";
  int64_t padding_idx = -1;
  bool grad_inplace = false, is_sparse = false;

  static auto Fields() {
    using A = EmbeddingPoolAttrs;
    return std::tuple{
        Field{"combiner", &A::combiner, "What becomes of the rows of a sequence; only sum is possible."},
        Field{"padding_idx", &A::padding_idx, "The id whose row counts as zeros and gets no gradient; -1: none."},
        Field{"grad_inplace", &A::grad_inplace, "Has no influence: memory is planned by the executor."},
        Field{"is_sparse", &A::is_sparse,
              "Whether the gradient of W is SelectedRows: only the rows that were looked up."}};
  }
};

// The dims of Out.
Dims CheckInputs(const EmbeddingPoolAttrs& attrs, const InferContext& context) {
  if (attrs.combiner != "sum") throw Unimplemented(StrCat("combiner is '", attrs.combiner, "'; only sum is possible"));
  context.CheckDType("W", kFloats);
  context.CheckDType("Ids", kIndices);
  context.CheckRank("W", 2, 2);
  context.CheckRank("Ids", 2, kMaxRank);
  const Dims &w = context.In("W").dims, &ids = context.In("Ids").dims;
  CheckPadding(attrs.padding_idx, w);
  Require(SizesAgree(ids[ids.rank() - 1], 1), "Ids has shape ", ids, "; expected a last dimension of 1");
  const int64_t columns = RowSize(ids);
  const int64_t sequences = context.building() ? -1 : RequireLod(context, "Ids").last_sequences();
  return {sequences, Dims{columns, w[1]}.numel()};
}

void Infer(const EmbeddingPoolAttrs& attrs, InferContext& context) {
  context.SetOut("Out", CheckInputs(attrs, context), context.In("W").dtype);
}

void InferGrad(const EmbeddingPoolAttrs& attrs, InferContext& context) {
  CheckDims(context, "Out@GRAD", CheckInputs(attrs, context));
  context.CheckSameDType("W", "Out@GRAD");
  context.SetOut("W@GRAD", context.In("W").dims, context.In("W").dtype);
  if (TensorMeta* meta = context.MutableOut("W@GRAD"))
    meta->kind = attrs.is_sparse ? VarKind::kSelectedRows : VarKind::kTensor;
}

template <class Id>
void CheckIds(const Tensor& ids, int64_t height) {
  const Id* id = ids.data<Id>();
  for (int64_t i = 0; i < ids.numel(); ++i) CheckId(id[i], height, i);
}

void Run(const CpuContext&, const EmbeddingPoolAttrs& attrs, const Tensor& w, const Tensor& ids, Tensor& out) {
  const int64_t width = w.dim(1), columns = RowSize(ids.dims());
  VisitFloat(w.dtype(), [&]<class T>() {
    VisitIndex(ids.dtype(), [&]<class Id>() {
      CheckIds<Id>(ids, w.dim(0));
      const Id* id = ids.data<Id>();
      const T* table = w.data<T>();
      T* to = out.mutable_data<T>();
      ForSequences(ids.lod(), columns * width, [=, &attrs](int64_t s, int64_t begin, int64_t end) {
        T* sums = to + s * columns * width;
        std::fill_n(sums, columns * width, T{0});
        for (int64_t i = begin * columns; i < end * columns; ++i)
          if (id[i] != attrs.padding_idx) math::AddTo(table + id[i] * width, sums + i % columns * width, width);
      });
    });
  });
}

// Calls f(i, row): Ids[i] got row `row` of Out@GRAD, seen as [sequences * ids a row, width]; in the order of i.
template <class F>
void ForLookups(const Lod& lod, int64_t columns, F f) {
  const auto offsets = lod.last();
  for (size_t s = 0; s + 1 < offsets.size(); ++s)
    for (int64_t i = offsets[s] * columns; i < offsets[s + 1] * columns; ++i)
      f(i, static_cast<int64_t>(s) * columns + i % columns);
}

// Each task owns a range of the table's rows and adds what belongs there, in the order of the ids.
void RunGrad(const CpuContext&, const EmbeddingPoolAttrs& attrs, const Tensor& ids, const Tensor& d_out, const Tensor&,
             Tensor& dw) {
  const int64_t height = dw.dim(0), width = dw.dim(1), columns = RowSize(ids.dims());
  VisitFloat(dw.dtype(), [&]<class T>() {
    VisitIndex(ids.dtype(), [&]<class Id>() {
      CheckIds<Id>(ids, height);
      const Id* id = ids.data<Id>();
      const T* d = d_out.data<T>();
      T* out = dw.mutable_data<T>();
      const int64_t grain = std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(width, 1));
      ParallelFor(height, grain, [&](int64_t begin, int64_t end) {
        std::fill(out + begin * width, out + end * width, T{0});
        ForLookups(ids.lod(), columns, [&](int64_t i, int64_t row) {
          if (id[i] >= begin && id[i] < end && id[i] != attrs.padding_idx)
            math::AddTo(d + row * width, out + id[i] * width, width);
        });
      });
    });
  });
}

void RunSparseGrad(const CpuContext& cpu, const EmbeddingPoolAttrs& attrs, const Tensor& ids, const Tensor& d_out,
                   const Tensor& w, SelectedRows& dw) {
  const int64_t height = w.dim(0), width = w.dim(1), columns = RowSize(ids.dims());
  dw.Allocate(ids.numel(), cpu.allocator());
  VisitFloat(d_out.dtype(), [&]<class T>() {
    VisitIndex(ids.dtype(), [&]<class Id>() {
      CheckIds<Id>(ids, height);
      const Id* id = ids.data<Id>();
      const T* d = d_out.data<T>();
      T* value = dw.value.mutable_data<T>();
      ForLookups(ids.lod(), columns, [&](int64_t i, int64_t row) {
        dw.rows[i] = id[i];
        if (id[i] == attrs.padding_idx)
          std::fill_n(value + i * width, width, T{0});
        else
          std::copy_n(d + row * width, width, value + i * width);
      });
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<EmbeddingPoolAttrs>(
        {.name = "fused_embedding_seq_pool",
         .doc =
             "lookup_table and sequence_pool of type SUM in one: each sequence of ids becomes the sum of their rows.",
         .inputs = {{"W", "Table [rows, width]."},
                    {"Ids",
                     "LoDTensor [ids, ..., 1] of row numbers, int64 or int32; the last LoD level says which form a "
                     "sequence.",
                     kNoGradient}},
         .outputs = {{"Out",
                      "[sequences, width]; [sequences, n * width] where a row of Ids has n numbers, a sum for each. "
                      "Empty sequences make zeros."}},
         .infer = Infer}),
    RegisterKernel("fused_embedding_seq_pool", Run),
    RegisterOp<EmbeddingPoolAttrs>(
        {.name = "fused_embedding_seq_pool_grad",
         .doc = "Gradient of fused_embedding_seq_pool: row r of W@GRAD is the sum of Out@GRAD's rows of all sequences "
                "with an id r, as often as they have it.",
         .inputs = {{"Ids", "The ids, int64 or int32."},
                    {"Out@GRAD", "Gradient of Out."},
                    {"W", "The table.", kMetaOnly}},
         .outputs = {{"W@GRAD",
                      "Gradient of the table, dense or SelectedRows: all its rows, or those that were looked up, as "
                      "often as they were."}},
         .infer = InferGrad}),
    RegisterKernel("fused_embedding_seq_pool_grad", RunGrad),
    RegisterKernel("fused_embedding_seq_pool_grad", RunSparseGrad),
};

}  // namespace
}  // namespace paddle
