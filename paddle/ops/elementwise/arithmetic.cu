#include "paddle/math/cuda/binary.h"
#include "paddle/op/cuda/expect.h"
#include "paddle/ops/elementwise/elementwise.h"

namespace paddle {
namespace {

using math::Side;

template <class F, class T>
void RunForward(const CudaContext& context, const ElementwiseAttrs& attrs, const Tensor& x, const Tensor& y,
                Tensor* out) {
  cuda::RunBinary(context, F(), x.dims(), y.dims(), attrs.axis, x.data<T>(), y.data<T>(), out->mutable_data<T>());
}

template <class F>
void Kernel(const CudaContext& context, const ElementwiseAttrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  VisitNumber(x.dtype(), [&]<class T>() { RunForward<F, T>(context, attrs, x, y, &out); });
}

// Integers by a zero come out as they may, and are reported.
template <class F>
struct Guarded {
  template <class T>
  constexpr T operator()(T x, T y) const {
    if constexpr (std::is_integral_v<T>) {
      if (y == T(0)) return T(0);
    }
    return F()(x, y);
  }
};

template <class T>
void CheckDivisor(const CudaContext& context, const OpDesc& op, const Tensor& x, const Tensor& y) {
  cuda::ReportZeros(context, y.data<T>(), y.numel(),
                    cuda::Expect(context, op, {{"X", &x}, {"Y", &y}}, [](int64_t index, int64_t) {
                      return StrCat("integer division by zero: element ", index, " of Y is 0");
                    }));
}

template <class F>
void Division(const CudaContext& context, const ElementwiseAttrs& attrs, const OpDesc& op, const Tensor& x,
              const Tensor& y, Tensor& out) {
  VisitNumber(x.dtype(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) CheckDivisor<T>(context, op, x, y);
    RunForward<Guarded<F>, T>(context, attrs, x, y, &out);
  });
}

void FloorDivide(const CudaContext& context, const ElementwiseAttrs& attrs, const OpDesc& op, const Tensor& x,
                 const Tensor& y, Tensor& out) {
  VisitIndex(x.dtype(), [&]<class T>() {
    CheckDivisor<T>(context, op, x, y);
    RunForward<Guarded<math::Divide>, T>(context, attrs, x, y, &out);
  });
}

struct Pass {
  template <class T>
  constexpr T operator()(T, T, T, T dout) const {
    return dout;
  }
};
struct Negate {
  template <class T>
  constexpr T operator()(T, T, T, T dout) const {
    return -dout;
  }
};

// X@GRAD may be Out@GRAD's memory, so it is written last. What is not read is replaced by dout, which is large enough.
template <class Dx, class Dy, class T>
void RunGrad(const CudaContext& context, const ElementwiseAttrs& attrs, const T* x, const T* y, const T* out,
             const Tensor& dout, const Dims& x_dims, const Dims& y_dims, Tensor* dx, Tensor* dy) {
  const T* d = dout.data<T>();
  const T *px = x ? x : d, *py = y ? y : d, *pout = out ? out : d;
  if (dy)
    cuda::RunBinaryGrad(context, Dy(), Side::kY, x_dims, y_dims, attrs.axis, px, py, pout, d, dy->mutable_data<T>());
  if (dx)
    cuda::RunBinaryGrad(context, Dx(), Side::kX, x_dims, y_dims, attrs.axis, px, py, pout, d, dx->mutable_data<T>());
}

template <class F>
void Grad(const CudaContext& context, const ElementwiseAttrs& attrs, const Tensor& dout, const Tensor& x,
          const Tensor& y, Tensor* dx, Tensor* dy) {
  VisitNumber(dout.dtype(), [&]<class T>() {
    RunGrad<typename F::Dx, typename F::Dy, T>(context, attrs, x.data<T>(), y.data<T>(), nullptr, dout, x.dims(),
                                               y.dims(), dx, dy);
  });
}

void DivideGrad(const CudaContext& context, const ElementwiseAttrs& attrs, const Tensor& out, const Tensor& dout,
                const Tensor& x, const Tensor& y, Tensor* dx, Tensor* dy) {
  VisitNumber(dout.dtype(), [&]<class T>() {
    RunGrad<math::Divide::Dx, math::Divide::Dy, T>(context, attrs, nullptr, y.data<T>(), out.data<T>(), dout, x.dims(),
                                                   y.dims(), dx, dy);
  });
}

// Of add and sub: only the shapes of X and Y are read.
template <class Dy>
void LinearGrad(const CudaContext& context, const ElementwiseAttrs& attrs, const Tensor& dout, const Tensor& x,
                const Tensor& y, Tensor* dx, Tensor* dy) {
  VisitNumber(dout.dtype(), [&]<class T>() {
    RunGrad<Pass, Dy, T>(context, attrs, nullptr, nullptr, nullptr, dout, x.dims(), y.dims(), dx, dy);
  });
}

template <class T>
void RunMultiplySparse(const CudaContext& context, const Tensor& x, const Tensor& y, Tensor* out) {
  const T *from = x.data<T>(), *factor = y.data<T>();
  T* to = out->mutable_data<T>();
  cuda::ForEach(context, x.numel(), [=] __device__(int64_t i) { to[i] = from[i] * *factor; });
}

void MultiplySparse(const CudaContext& context, const ElementwiseAttrs&, const SelectedRows& x, const Tensor& y,
                    SelectedRows& out) {
  Require(y.numel() == 1, "a sparse X can be multiplied by one number only, but Y has shape ", y.dims());
  out.Allocate(static_cast<int64_t>(x.rows.size()), context.allocator());
  std::copy(x.rows.begin(), x.rows.end(), out.rows.begin());
  VisitNumber(x.value.dtype(), [&]<class T>() { RunMultiplySparse<T>(context, x.value, y, &out.value); });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("elementwise_add", Kernel<math::Add>),
    RegisterKernel("elementwise_add_grad", LinearGrad<Pass>),
    RegisterKernel("elementwise_sub", Kernel<math::Subtract>),
    RegisterKernel("elementwise_sub_grad", LinearGrad<Negate>),
    RegisterKernel("elementwise_mul", Kernel<math::Multiply>),
    RegisterKernel("elementwise_mul", MultiplySparse),
    RegisterKernel("elementwise_mul_grad", Grad<math::Multiply>),
    RegisterKernel("elementwise_div", Division<math::Divide>),
    RegisterKernel("elementwise_div_grad", DivideGrad),
    RegisterKernel("elementwise_max", Kernel<math::Maximum>),
    RegisterKernel("elementwise_max_grad", Grad<math::Maximum>),
    RegisterKernel("elementwise_min", Kernel<math::Minimum>),
    RegisterKernel("elementwise_min_grad", Grad<math::Minimum>),
    RegisterKernel("elementwise_pow", Kernel<math::Power>),
    RegisterKernel("elementwise_pow_grad", Grad<math::Power>),
    RegisterKernel("elementwise_mod", Division<math::Modulo>),
    RegisterKernel("elementwise_floordiv", FloorDivide),
};

}  // namespace
}  // namespace paddle
