// reduce_{sum,mean,max,min,prod,all,any} on the GPU.
#include <limits>

#include "paddle/math/arithmetic.h"
#include "paddle/math/cuda/cast.h"
#include "paddle/math/cuda/reduce.h"
#include "paddle/ops/reduce/reduce.h"

namespace paddle {
namespace {

struct Sum : math::Add {
  template <class T>
  static constexpr T Start() {
    return T(0);
  }
};
struct Largest {
  template <class T>
  static constexpr T Start() {
    using Limits = std::numeric_limits<T>;
    return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  }
  template <class T>
  constexpr T operator()(T a, T b) const {
    return a < b || b != b ? b : a;  // NaN wins
  }
};
struct Least {
  template <class T>
  static constexpr T Start() {
    using Limits = std::numeric_limits<T>;
    return Limits::has_infinity ? Limits::infinity() : Limits::max();
  }
  template <class T>
  constexpr T operator()(T a, T b) const {
    return b < a || b != b ? b : a;
  }
};
struct Product : math::Multiply {
  template <class T>
  static constexpr T Start() {
    return T(1);
  }
};
struct And {
  template <class T>
  static constexpr T Start() {
    return true;
  }
  constexpr bool operator()(bool a, bool b) const { return a && b; }
};
struct Or {
  template <class T>
  static constexpr T Start() {
    return false;
  }
  constexpr bool operator()(bool a, bool b) const { return a || b; }
};

// A sum as the mean of `count` numbers; of none it is NaN, or 0 for integers.
template <class T>
constexpr T MeanOf(T sum, int64_t count) {
  if (std::is_integral_v<T> && count == 0) return T(0);
  return sum / static_cast<T>(count);
}

template <class F, bool kMean, class T>
void RunFold(const CudaContext& context, const Dims& dims, const Dims& kept, const T* x, T* out) {
  const math::Broadcast b = math::MakeBroadcast(dims, kept, -1);
  const cuda::SplitNest nest = cuda::Split(b, b.y_stride);
  const int64_t rows = kept.numel(), count = rows ? nest.columns() : 0;
  cuda::Reduce(
      context, rows, count, F::template Start<T>(),
      [=] __device__(int64_t row, int64_t column) { return x[cuda::PositionsAt(nest, row, column).x]; }, F(),
      [=] __device__(int64_t row, T value) { out[row] = kMean ? MeanOf(value, count) : value; });
}

// Room for X in another element type, where out_dtype asks for one.
struct Converted {
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

Converted Prepare(const CudaContext&, const ReduceAttrs&, const OpMetas& metas) {
  const TensorMeta& x = metas.In("X");
  const DType dtype = metas.Out("Out").dtype;
  return {x.dtype == dtype ? 0 : static_cast<size_t>(x.numel()) * SizeOf(dtype)};
}

template <class F, bool kMean>
void Kernel(const CudaContext& context, const ReduceAttrs& attrs, Converted&, Scratch scratch, const Tensor& x,
            Tensor& out) {
  const Dims kept = KeptDims(attrs, x.dims());
  const void* from = x.raw();
  if (x.dtype() != out.dtype()) {
    cuda::CastArray(context, x.raw(), x.dtype(), scratch.data, out.dtype(), x.numel());
    from = scratch.data;
  }
  VisitNumber(out.dtype(), [&]<class T>() {
    RunFold<F, kMean>(context, x.dims(), kept, static_cast<const T*>(from), out.mutable_data<T>());
  });
}

template <class F>
void Logical(const CudaContext& context, const ReduceAttrs& attrs, const Tensor& x, Tensor& out) {
  RunFold<F, false>(context, x.dims(), KeptDims(attrs, x.dims()), x.data<bool>(), out.mutable_data<bool>());
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("reduce_sum", Prepare, Kernel<Sum, false>),
    RegisterKernel("reduce_mean", Prepare, Kernel<Sum, true>),
    RegisterKernel("reduce_max", Prepare, Kernel<Largest, false>),
    RegisterKernel("reduce_min", Prepare, Kernel<Least, false>),
    RegisterKernel("reduce_prod", Prepare, Kernel<Product, false>),
    RegisterKernel("reduce_all", Logical<And>),
    RegisterKernel("reduce_any", Logical<Or>),
};

}  // namespace
}  // namespace paddle
