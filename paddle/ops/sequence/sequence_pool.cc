// sequence_pool: each sequence becomes one row.
#include "paddle/ops/sequence/sequence_pool.h"

#include <algorithm>

#include "paddle/op/float_types.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

Dims PooledDims(InferContext& context) {
  Dims dims = context.In("X").dims;
  dims[0] = context.building() ? -1 : RequireLod(context, "X").sequences(context.In("X").lod.levels() - 1);
  return dims;
}

void Infer(const SequencePoolAttrs& attrs, InferContext& context) {
  ToPool(attrs.pooltype);
  context.CheckDType("X", kMixedFloats);
  context.CheckRank("X", 1, kMaxRank);
  const TensorMeta x = context.In("X");
  const Dims dims = PooledDims(context);
  context.SetOut("Out", dims, x.dtype);
  context.SetOut("MaxIndex", dims, DType::kInt32);
  if (context.building()) {
    context.SetLodLevel("Out", std::max(0, x.lod_level - 1));
  } else if (x.lod.levels() > 1) {  // sequences of sequences: the rows left are grouped by the outer levels
    auto outer = x.lod.ToOffsets();
    outer.pop_back();
    context.SetLod("Out", Lod::FromOffsets(std::move(outer)));
  }
}

void InferGrad(const SequencePoolAttrs& attrs, InferContext& context) {
  const Pool pool = ToPool(attrs.pooltype);
  const Dims dims = PooledDims(context);
  const TensorMeta& d_out = context.In("Out@GRAD");
  Require(DimsAgree(dims, d_out.dims), "Out@GRAD has shape ", d_out.dims, "; expected ", dims);
  context.CheckSameDType("X", "Out@GRAD");
  if (pool == Pool::kMax) {
    Require(context.Has("MaxIndex"), "pooltype MAX needs the input MaxIndex, an output of sequence_pool");
    Require(DimsAgree(dims, context.In("MaxIndex").dims), "MaxIndex has shape ", context.In("MaxIndex").dims,
            "; expected ", dims);
  }
  context.CopyMeta("X", "X@GRAD");
}

// Fluid's sequence_pool_grad has MaxIndex where the pooling needs it only.
void Grad(const SequencePoolAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("sequence_pool_grad", attrs);
  if (ToPool(attrs.pooltype) == Pool::kMax) op.SetInput("MaxIndex", context.Out("MaxIndex"));
  op.SetInput("Out@GRAD", context.OutGrad("Out"));
  op.SetInput("X", context.In("X"));
  op.SetOutput("X@GRAD", context.InGrad("X"));
}

template <class T>
void PoolMax(const T* x, int64_t begin, int64_t end, int64_t width, T* out, int32_t* index) {
  std::copy(x + begin * width, x + (begin + 1) * width, out);
  if (index) std::fill(index, index + width, static_cast<int32_t>(begin));
  for (int64_t row = begin + 1; row < end; ++row)
    for (int64_t j = 0; j < width; ++j)
      if (x[row * width + j] > out[j]) {
        out[j] = x[row * width + j];
        if (index) index[j] = static_cast<int32_t>(row);
      }
}

void Run(const CpuContext&, const SequencePoolAttrs& attrs, const Tensor& x, Tensor& out, Tensor* max_index) {
  const Pool pool = ToPool(attrs.pooltype);
  const int64_t width = RowSize(x.dims());
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    ForSequences(x.lod(), width, [&](int64_t s, int64_t begin, int64_t end) {
      T* to = out.mutable_data<T>() + s * width;
      int32_t* index = max_index ? max_index->mutable_data<int32_t>() + s * width : nullptr;
      if (index && (begin == end || pool != Pool::kMax)) std::fill(index, index + width, -1);
      if (begin == end)
        std::fill(to, to + width, static_cast<T>(attrs.pad_value));
      else if (pool == Pool::kMax)
        PoolMax(from, begin, end, width, to, index);
      else if (pool == Pool::kLast)
        std::copy(from + (end - 1) * width, from + end * width, to);
      else if (pool == Pool::kFirst)
        std::copy(from + begin * width, from + (begin + 1) * width, to);
      else
        PoolSum(from, begin, end, width, static_cast<Computed<T>>(SumFactor(pool, end - begin)), to);
    });
  });
}

template <class T>
void SpreadMax(const T* d_out, const int32_t* index, int64_t begin, int64_t end, int64_t width, T* dx) {
  std::fill(dx + begin * width, dx + end * width, T{});
  for (int64_t j = 0; j < width; ++j) {
    Require(index[j] >= begin && index[j] < end, "MaxIndex holds ", index[j], " for a sequence of the rows ", begin,
            " to ", end - 1);
    dx[index[j] * width + j] = d_out[j];
  }
}

template <class T>
void SpreadSum(const T* d_out, int64_t begin, int64_t end, int64_t width, Computed<T> factor, T* dx) {
  for (int64_t row = begin; row < end; ++row)
    for (int64_t j = 0; j < width; ++j) dx[row * width + j] = Kept<T>(d_out[j] * factor);
}

void RunGrad(const CpuContext&, const SequencePoolAttrs& attrs, const Tensor* max_index, const Tensor& d_out,
             const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const Pool pool = ToPool(attrs.pooltype);
  const int64_t width = RowSize(x.dims());
  VisitMixedFloat(d_out.dtype(), [&]<class T>() {
    T* to = dx->mutable_data<T>();
    ForSequences(x.lod(), width, [&](int64_t s, int64_t begin, int64_t end) {
      if (begin == end) return;
      const T* from = d_out.data<T>() + s * width;
      if (pool == Pool::kMax) return SpreadMax(from, max_index->data<int32_t>() + s * width, begin, end, width, to);
      if (pool == Pool::kLast || pool == Pool::kFirst) {
        std::fill(to + begin * width, to + end * width, T{});
        std::copy(from, from + width, to + (pool == Pool::kLast ? end - 1 : begin) * width);
        return;
      }
      SpreadSum(from, begin, end, width, static_cast<Computed<T>>(SumFactor(pool, end - begin)), to);
    });
  });
}

const Registered kOp = RegisterOp<SequencePoolAttrs>({
    .name = "sequence_pool",
    .doc = "Makes one row of each sequence: the mean, sum, largest values, first or last of its rows.",
    .inputs = {{"X", "LoDTensor [rows, ...]; the last LoD level says which rows form a sequence."}},
    .outputs = {{"Out", "[sequences, ...]; grouped by the outer levels of X's LoD, if there are any."},
                {"MaxIndex",
                 "int32 [sequences, ...]: for MAX the row of X that each value came from, -1 for empty sequences.",
                 kIntermediate}},
    .infer = Infer,
    .grad = Grad,
});
const Registered kCpu = RegisterKernel("sequence_pool", Run);

const Registered kGradOp = RegisterOp<SequencePoolAttrs>({
    .name = "sequence_pool_grad",
    .doc = "Gradient of sequence_pool: each row of Out@GRAD goes to the rows that it was made of.",
    .inputs = {{"MaxIndex", "Of the forward op; for pooltype MAX only.", kOptional},
               {"Out@GRAD", "Gradient of Out."},
               {"X", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("sequence_pool_grad", RunGrad);

}  // namespace
}  // namespace paddle
