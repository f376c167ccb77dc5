// The gradients of reduce_{sum,mean,max,min,prod} on the GPU.
#include "paddle/math/cuda/cast.h"
#include "paddle/math/cuda/reduce.h"
#include "paddle/ops/reduce/reduce.h"

namespace paddle {
namespace {

// Room for Out and Out@GRAD in X's element type, where out_dtype was another one.
struct Converted {
  size_t one = 0;  // bytes of one of them
  size_t scratch_bytes() const { return 2 * one; }
};

Converted Prepare(const CudaContext&, const ReduceAttrs&, const OpMetas& metas) {
  const TensorMeta &x = metas.In("X"), &dout = metas.In("Out@GRAD");
  if (x.dtype == dout.dtype) return {};
  return {(static_cast<size_t>(dout.numel()) * SizeOf(x.dtype) + 63) / 64 * 64};
}

template <class T>
const T* Input(const CudaContext& context, const Tensor& tensor, std::byte* room) {
  if (tensor.dtype() == DTypeOf<T>()) return tensor.data<T>();
  cuda::CastArray(context, tensor.raw(), tensor.dtype(), room, DTypeOf<T>(), tensor.numel());
  return reinterpret_cast<const T*>(room);
}

// A share of a gradient: by the factor 1 / count as on the CPU, integers by division.
template <class T>
constexpr T ShareOf(T value, int64_t count) {
  if (std::is_integral_v<T>) return value / static_cast<T>(count);
  return value * (T(1) / static_cast<T>(count));
}

template <class T>
void Spread(const CudaContext& context, const math::Broadcast& nest, int64_t count, const T* d, T* dx) {
  const math::Broadcast b = nest;
  cuda::ForEach(context, b.numel(),
                [=] __device__(int64_t i) { dx[i] = ShareOf(d[cuda::PositionsAt(b, i).y], count); });
}

template <bool kMean>
void SpreadGrad(const CudaContext& context, const ReduceAttrs& attrs, Converted&, Scratch scratch, const Tensor& dout,
                const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const Dims kept = KeptDims(attrs, x.dims());
  const int64_t count = kMean && kept.numel() ? x.numel() / kept.numel() : 1;
  VisitNumber(x.dtype(), [&]<class T>() {
    Spread(context, math::MakeBroadcast(x.dims(), kept, -1), count ? count : 1, Input<T>(context, dout, scratch.data),
           dx->mutable_data<T>());
  });
}

// Every element that equals the result gets the whole gradient.
template <class T>
void Extreme(const CudaContext& context, const math::Broadcast& nest, const T* x, const T* out, const T* d, T* dx) {
  const math::Broadcast b = nest;
  cuda::ForEach(context, b.numel(), [=] __device__(int64_t i) {
    const int64_t j = cuda::PositionsAt(b, i).y;
    dx[i] = x[i] == out[j] ? d[j] : T(0);
  });
}

void ExtremeGrad(const CudaContext& context, const ReduceAttrs& attrs, Converted& state, Scratch scratch,
                 const Tensor& out, const Tensor& dout, const Tensor& x, Tensor* dx) {
  if (!dx) return;
  VisitNumber(x.dtype(), [&]<class T>() {
    Extreme(context, math::MakeBroadcast(x.dims(), KeptDims(attrs, x.dims()), -1), x.data<T>(),
            Input<T>(context, out, scratch.data), Input<T>(context, dout, scratch.data + state.one),
            dx->mutable_data<T>());
  });
}

// Where an element is 0, the product of the others is found by going over them.
template <class T>
void Product(const CudaContext& context, const cuda::SplitNest& split, const T* x, const T* out, const T* d, T* dx) {
  const cuda::SplitNest nest = split;
  const int64_t columns = nest.columns();
  cuda::ForEach(context, nest.rows() * columns, [=] __device__(int64_t task) {
    const int64_t row = task / columns, column = task % columns;
    const int64_t i = cuda::PositionsAt(nest, row, column).x;
    if (x[i] != T(0)) {
      dx[i] = d[row] * (out[row] / x[i]);
      return;
    }
    T product = 1;
    for (int64_t k = 0; k < columns; ++k)
      if (k != column) product *= x[cuda::PositionsAt(nest, row, k).x];
    dx[i] = d[row] * product;
  });
}

void ProductGrad(const CudaContext& context, const ReduceAttrs& attrs, Converted& state, Scratch scratch,
                 const Tensor& out, const Tensor& dout, const Tensor& x, Tensor* dx) {
  if (!dx || x.numel() == 0) return;
  const math::Broadcast b = math::MakeBroadcast(x.dims(), KeptDims(attrs, x.dims()), -1);
  VisitNumber(x.dtype(), [&]<class T>() {
    Product(context, cuda::Split(b, b.y_stride), x.data<T>(), Input<T>(context, out, scratch.data),
            Input<T>(context, dout, scratch.data + state.one), dx->mutable_data<T>());
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("reduce_sum_grad", Prepare, SpreadGrad<false>),
    RegisterKernel("reduce_mean_grad", Prepare, SpreadGrad<true>),
    RegisterKernel("reduce_max_grad", Prepare, ExtremeGrad),
    RegisterKernel("reduce_min_grad", Prepare, ExtremeGrad),
    RegisterKernel("reduce_prod_grad", Prepare, ProductGrad),
};

}  // namespace
}  // namespace paddle
