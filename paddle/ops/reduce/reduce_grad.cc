// The gradients of reduce_{sum,mean,max,min,prod}.

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/math/cast.h"
#include "paddle/math/reduce.h"
#include "paddle/op/check_dims.h"
#include "paddle/ops/reduce/reduce.h"

namespace paddle {
namespace {

// Room for Out and Out@GRAD in X's element type, where out_dtype was another one.
struct Converted {
  size_t one = 0;  // bytes of one of them, a multiple of 64
  size_t scratch_bytes() const { return 2 * one; }
};

Converted Prepare(const CpuContext&, const ReduceAttrs&, const OpMetas& metas) {
  const TensorMeta &x = metas.In("X"), &dout = metas.In("Out@GRAD");
  if (x.dtype == dout.dtype) return {};
  return {(static_cast<size_t>(dout.numel()) * SizeOf(x.dtype) + 63) / 64 * 64};
}

template <class T>
const T* Input(const Tensor& tensor, std::byte* room) {
  if (tensor.dtype() == DTypeOf<T>()) return tensor.data<T>();
  math::CastArray(tensor.raw(), tensor.dtype(), room, DTypeOf<T>(), tensor.numel());
  return reinterpret_cast<const T*>(room);
}

template <bool kMean>
void SpreadGrad(const CpuContext&, const ReduceAttrs& attrs, Converted&, Scratch scratch, const Tensor& dout,
                const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const Dims kept = KeptDims(attrs, x.dims());
  VisitNumber(x.dtype(), [&]<class T>() {
    const T* d = Input<T>(dout, scratch.data);
    const int64_t count = kMean && kept.numel() ? x.numel() / kept.numel() : 1;
    if constexpr (std::is_integral_v<T>) {
      math::SpreadAxes(d, x.dims(), kept, T(1), dx->mutable_data<T>());
      if (count > 1) std::for_each_n(dx->mutable_data<T>(), dx->numel(), [&](T& v) { v = static_cast<T>(v / count); });
    } else {
      math::SpreadAxes(d, x.dims(), kept, T(1) / static_cast<T>(count ? count : 1), dx->mutable_data<T>());
    }
  });
}

// Calls f(x position, out position) for all elements, on all threads.
template <class F>
void ForEach(const Dims& dims, const Dims& kept, F f) {
  const math::Broadcast b = math::MakeBroadcast(dims, kept, -1);
  ParallelFor(b.numel(), 16 * 1024, [&](int64_t begin, int64_t end) {
    math::WalkRows(b, begin, end, [&](int64_t, int64_t i, int64_t j, int64_t n) {
      const int64_t step = b.y_stride[b.rank - 1];
      for (int64_t k = 0; k < n; ++k) f(i + k, j + k * step);
    });
  });
}

// Of max and min: every element that equals the result gets the whole gradient.
void ExtremeGrad(const CpuContext&, const ReduceAttrs& attrs, Converted& state, Scratch scratch, const Tensor& out,
                 const Tensor& dout, const Tensor& x, Tensor* dx) {
  if (!dx) return;
  VisitNumber(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *pout = Input<T>(out, scratch.data), *pdout = Input<T>(dout, scratch.data + state.one);
    T* pdx = dx->mutable_data<T>();
    ForEach(x.dims(), KeptDims(attrs, x.dims()),
            [=](int64_t i, int64_t j) { pdx[i] = px[i] == pout[j] ? pdout[j] : T(0); });
  });
}

// The product of the elements that are reduced to out[j], without that at position `skip`.
template <class T>
T ProductOfOthers(const T* x, const math::Broadcast& b, int64_t j, int64_t skip) {
  math::Broadcast group = b;
  int64_t base = 0, rest = j;
  for (int i = 0; i < b.rank; ++i) {
    if (b.y_stride[i] == 0) continue;
    base += rest / b.y_stride[i] * b.x_stride[i];
    rest %= b.y_stride[i];
    group.size[i] = 1;
  }
  T product = 1;
  math::WalkRows(group, 0, group.numel(), [&](int64_t, int64_t i, int64_t, int64_t n) {
    for (int64_t k = base + i; k < base + i + n; ++k)
      if (k != skip) product *= x[k];
  });
  return product;
}

void ProductGrad(const CpuContext&, const ReduceAttrs& attrs, Converted& state, Scratch scratch, const Tensor& out,
                 const Tensor& dout, const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const Dims kept = KeptDims(attrs, x.dims());
  const math::Broadcast b = math::MakeBroadcast(x.dims(), kept, -1);
  VisitNumber(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *pout = Input<T>(out, scratch.data), *pdout = Input<T>(dout, scratch.data + state.one);
    T* pdx = dx->mutable_data<T>();
    ForEach(x.dims(), kept, [&, px, pout, pdout, pdx](int64_t i, int64_t j) {
      pdx[i] = px[i] != T(0) ? pdout[j] * (pout[j] / px[i]) : pdout[j] * ProductOfOthers(px, b, j, i);
    });
  });
}

// The gradient of the gradient is the reduction itself.
template <bool kMean>
void GradOfSpread(const ReduceAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit(kMean ? "reduce_mean" : "reduce_sum", attrs);
  op.SetInput("X", context.OutGrad("X@GRAD"));
  op.SetOutput("Out", context.InGrad("Out@GRAD"));
}

void InferGrad(const ReduceAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  const Dims out = ReducedDims(attrs, context.In("X").dims);
  CheckDims(context, "Out@GRAD", out);
  context.CheckDType("Out@GRAD", kNumbers);
  context.CopyMeta("X", "X@GRAD");
}

void InferFoldGrad(const ReduceAttrs& attrs, InferContext& context) {
  InferGrad(attrs, context);
  context.CheckSameDims("Out@GRAD", "Out");
  context.CheckSameDType("Out@GRAD", "Out");
}

const SlotSpec kDout{"Out@GRAD", "Gradient of Out."}, kDx{"X@GRAD", "Gradient of X.", kOptional};

OpSpec<ReduceAttrs> SpreadSpec(std::string_view name, std::string_view doc,
                               void (*grad)(const ReduceAttrs&, GradContext&)) {
  return {.name = name,
          .doc = doc,
          .inputs = {kDout, {"X", "Input of the op.", kMetaOnly}},
          .outputs = {kDx},
          .infer = InferGrad,
          .grad = grad};
}

OpSpec<ReduceAttrs> FoldSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"Out", "Output of the op."}, kDout, {"X", "Input of the op."}},
          .outputs = {kDx},
          .infer = InferFoldGrad};
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp(SpreadSpec("reduce_sum_grad", "X@GRAD = Out@GRAD at each element of X that went into it.",
                          GradOfSpread<false>)),
    RegisterKernel("reduce_sum_grad", Prepare, SpreadGrad<false>),
    RegisterOp(SpreadSpec("reduce_mean_grad", "X@GRAD = Out@GRAD / n at each of the n elements of X that went into it.",
                          GradOfSpread<true>)),
    RegisterKernel("reduce_mean_grad", Prepare, SpreadGrad<true>),
    RegisterOp(FoldSpec("reduce_max_grad", "X@GRAD = Out@GRAD at each element of X that equals Out, else 0.")),
    RegisterKernel("reduce_max_grad", Prepare, ExtremeGrad),
    RegisterOp(FoldSpec("reduce_min_grad", "X@GRAD = Out@GRAD at each element of X that equals Out, else 0.")),
    RegisterKernel("reduce_min_grad", Prepare, ExtremeGrad),
    RegisterOp(FoldSpec("reduce_prod_grad", "X@GRAD = Out@GRAD times the product of the other elements.")),
    RegisterKernel("reduce_prod_grad", Prepare, ProductGrad),
};

}  // namespace
}  // namespace paddle
