// reduce_{sum,mean,max,min,prod,all,any}.

#include "paddle/math/reduce.h"

#include <algorithm>

#include "paddle/math/cast.h"
#include "paddle/math/map.h"
#include "paddle/ops/creation/creation.h"
#include "paddle/ops/reduce/reduce.h"

namespace paddle {
namespace {

constexpr DTypeSet kBools{DType::kBool};

void InferReduce(const ReduceAttrs& attrs, InferContext& context, const DTypeSet& allowed) {
  context.CheckDType("X", allowed);
  const TensorMeta& x = context.In("X");
  context.SetOut("Out", ReducedDims(attrs, x.dims),
                 attrs.out_dtype < 0 ? x.dtype : DTypeFromAttr(attrs.out_dtype, allowed));
  const bool keeps_rows = !attrs.reduce_all && std::none_of(attrs.dim.begin(), attrs.dim.end(), [&](int32_t axis) {
    return NormalizeAxis(axis, x.rank()) == 0;
  });
  if (x.rank() > 0 && keeps_rows) context.ShareLod("X", "Out");
}

void InferNumbers(const ReduceAttrs& attrs, InferContext& context) { InferReduce(attrs, context, kNumbers); }
void InferBools(const ReduceAttrs& attrs, InferContext& context) { InferReduce(attrs, context, kBools); }

// Room for X in another element type, where out_dtype asks for one.
struct Converted {
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

Converted Prepare(const CpuContext&, const ReduceAttrs& attrs, const OpMetas& metas) {
  const TensorMeta& x = metas.In("X");
  if (attrs.out_dtype < 0 || attrs.out_dtype == static_cast<int32_t>(x.dtype)) return {};
  return {static_cast<size_t>(x.numel()) * SizeOf(DTypeFromAttr(attrs.out_dtype, kNumbers))};
}

template <class T>
const T* Input(const Tensor& x, DType dtype, Scratch scratch) {
  if (x.dtype() == dtype) return x.data<T>();
  math::CastArray(x.raw(), x.dtype(), scratch.data, dtype, x.numel());
  return reinterpret_cast<const T*>(scratch.data);
}

enum class Kind { kSum, kMean, kMax, kMin, kProduct };

template <class T>
void Reduce(Kind kind, const T* x, const Dims& dims, const Dims& kept, T* out) {
  switch (kind) {
    case Kind::kSum:
      return math::SumAxes(x, dims, kept, out);
    case Kind::kMean: {
      math::SumAxes(x, dims, kept, out);
      const int64_t numel = kept.numel();
      const T count = static_cast<T>(numel ? dims.numel() / numel : 0);
      if (std::is_integral_v<T> && count == T(0)) return;  // integers have no NaN: the mean of nothing is 0
      return math::Map([count](T v) { return v / count; }, out, out, numel);
    }
    case Kind::kMax:
      return math::FoldAxes(math::Fold::kMax, x, dims, kept, out);
    case Kind::kMin:
      return math::FoldAxes(math::Fold::kMin, x, dims, kept, out);
    case Kind::kProduct:
      return math::FoldAxes(math::Fold::kProduct, x, dims, kept, out);
  }
}

template <Kind kKind>
void Kernel(const CpuContext&, const ReduceAttrs& attrs, Converted&, Scratch scratch, const Tensor& x, Tensor& out) {
  VisitNumber(out.dtype(), [&]<class T>() {
    Reduce(kKind, Input<T>(x, out.dtype(), scratch), x.dims(), KeptDims(attrs, x.dims()), out.mutable_data<T>());
  });
}

void All(const CpuContext&, const ReduceAttrs& attrs, const Tensor& x, Tensor& out) {
  math::AllAxes(x.data<bool>(), x.dims(), KeptDims(attrs, x.dims()), out.mutable_data<bool>());
}
void Any(const CpuContext&, const ReduceAttrs& attrs, const Tensor& x, Tensor& out) {
  math::AnyAxes(x.data<bool>(), x.dims(), KeptDims(attrs, x.dims()), out.mutable_data<bool>());
}

OpSpec<ReduceAttrs> Spec(std::string_view name, std::string_view doc,
                         void (*infer)(const ReduceAttrs&, InferContext&) = InferNumbers) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"X", "Tensor to reduce."}},
      .outputs =
          {{"Out",
            "X without the reduced axes; of shape [1] when none is left. It has X's LoD unless axis 0 is reduced."}},
      .infer = infer};
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp(Spec("reduce_sum", "Out = the sum of X along the axes `dim`.")),
    RegisterKernel("reduce_sum", Prepare, Kernel<Kind::kSum>),
    RegisterOp(Spec("reduce_mean", "Out = the mean of X along the axes `dim`; integers are truncated.")),
    RegisterKernel("reduce_mean", Prepare, Kernel<Kind::kMean>),
    RegisterOp(Spec("reduce_max", "Out = the largest element of X along the axes `dim`.")),
    RegisterKernel("reduce_max", Prepare, Kernel<Kind::kMax>),
    RegisterOp(Spec("reduce_min", "Out = the least element of X along the axes `dim`.")),
    RegisterKernel("reduce_min", Prepare, Kernel<Kind::kMin>),
    RegisterOp(Spec("reduce_prod", "Out = the product of X along the axes `dim`.")),
    RegisterKernel("reduce_prod", Prepare, Kernel<Kind::kProduct>),
    RegisterOp(Spec("reduce_all", "Out = whether all elements of X along the axes `dim` are true.", InferBools)),
    RegisterKernel("reduce_all", All),
    RegisterOp(Spec("reduce_any", "Out = whether any element of X along the axes `dim` is true.", InferBools)),
    RegisterKernel("reduce_any", Any),
};

}  // namespace
}  // namespace paddle
