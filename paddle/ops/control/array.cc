#include "paddle/ops/control/array.h"

#include <cstring>

#include "paddle/math/map.h"

namespace paddle {

void CheckIndex(const InferContext& context, std::string_view input) {
  context.CheckDType(input, kIndices);
  const Dims& dims = context.In(input).dims;
  Require(SizesAgree(dims.numel(), 1), "the index ", input, " has shape ", dims, "; expected one integer, [1]");
}

int64_t IndexOf(const Tensor& index) {
  const int64_t i = ToInt64s(index)[0];
  Require(i >= 0 && i < kMaxArrayItems, "the index I is ", i, "; expected 0 <= I < ", kMaxArrayItems);
  return i;
}

void CheckArray(const InferContext& context, std::string_view input) {
  Require(context.In(input).kind == VarKind::kTensorArray, "input ", input, " is a ", context.In(input).kind,
          "; expected a LoDTensorArray, as create_array and array_write make it");
}

void CheckRankTable(const InferContext& context) {
  Require(context.In("RankTable").kind == VarKind::kRankTable, "input RankTable is a ", context.In("RankTable").kind,
          "; expected a LoDRankTable, as lod_rank_table makes it");
}

void SetArray(InferContext& context, std::string_view output, const TensorMeta& like, int lod_level) {
  TensorMeta* out = context.MutableOut(output);
  if (!out) return;
  const Dims dims = like.dims;
  context.SetOut(output, dims, like.dtype);
  out->kind = VarKind::kTensorArray;
  out->lod_level = context.building() ? lod_level : 0;  // each item has its own
}

void SetUnknown(InferContext& context, std::string_view output, const Dims& dims, DType dtype, int lod_level, int i) {
  TensorMeta* out = context.MutableOut(output, i);
  if (!out) return;
  out->kind = VarKind::kTensor;
  context.SetOut(output, context.building() ? Dims(dims) : Dims{-1}, dtype, i);
  if (context.building()) context.SetLodLevel(output, lod_level, i);
}

const Tensor& ItemOf(const TensorArray& array, int64_t i, std::string_view name) {
  const auto count = static_cast<int64_t>(array.items.size());
  Require(i < count, "item ", i, " of the array ", name, " is to be read, but it has ", count, " items");
  Require(array.items[i].initialized(), "item ", i, " of the array ", name, " is to be read, but was never written");
  return array.items[i];
}

void CopyTensor(const Tensor& from, Allocator& allocator, Tensor* to) {
  if (to == &from) return;
  to->Allocate(from.dims(), from.dtype(), allocator);
  to->set_lod(from.lod());
  if (from.bytes()) std::memcpy(to->mutable_raw(), from.raw(), from.bytes());
}

void CopyArray(const TensorArray& from, Allocator& allocator, TensorArray* to) {
  to->items.resize(from.items.size());
  for (size_t i = 0; i < from.items.size(); ++i) {
    if (from.items[i].initialized())
      CopyTensor(from.items[i], allocator, &to->items[i]);
    else
      to->items[i] = {};
  }
}

void AddGradient(const Tensor& part, Tensor* total) {
  Require(part.dims() == total->dims() && part.dtype() == total->dtype(), "a gradient of ", part.meta(),
          " cannot be added to one of ", total->meta());
  VisitNumber(total->dtype(), [&]<class T>() {
    math::Map([](T a, T b) { return static_cast<T>(a + b); }, total->data<T>(), part.data<T>(),
              total->mutable_data<T>(), total->numel());
  });
}

void ZerosLike(const TensorMeta& like, Allocator& allocator, Tensor* to) {
  to->Allocate(like.dims, like.dtype, allocator);
  to->set_lod(like.lod);
  if (to->bytes()) std::memset(to->mutable_raw(), 0, to->bytes());
}

}  // namespace paddle
