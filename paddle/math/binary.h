#pragma once
// out = f(x, y) and its gradients over two tensors that broadcast. Only the loops over one row are templates.

#include <cstddef>

#include "paddle/math/bfloat16.h"
#include "paddle/math/broadcast.h"
#include "paddle/math/map.h"

namespace paddle::math {

// The loops over n elements of a row: both tensors move, or one of them is a single element. Elements are of x's type.
struct BinaryRows {
  using Fn = void (*)(const void* x, const void* y, void* out, int64_t n);
  Fn both, x_one, y_one;
  size_t in_size, out_size;  // bytes of an element
};

template <class F, class T, class R>
constexpr BinaryRows MakeBinaryRows() {
  constexpr auto both = [](const void* x, const void* y, void* out, int64_t n) {
    MapSerial(F(), static_cast<const T*>(x), static_cast<const T*>(y), static_cast<R*>(out), n);
  };
  constexpr auto x_one = [](const void* x, const void* y, void* out, int64_t n) {
    MapSerial([a = *static_cast<const T*>(x)](T b) { return F()(a, b); }, static_cast<const T*>(y),
              static_cast<R*>(out), n);
  };
  constexpr auto y_one = [](const void* x, const void* y, void* out, int64_t n) {
    MapSerial([b = *static_cast<const T*>(y)](T a) { return F()(a, b); }, static_cast<const T*>(x),
              static_cast<R*>(out), n);
  };
  return {both, x_one, y_one, sizeof(T), sizeof(R)};
}

// out[i] = f(x, y). `out` may be the memory of an input of the result's size.
void RunBinary(const BinaryRows& rows, const Dims& x_dims, const Dims& y_dims, int axis, const void* x, const void* y,
               void* out);

// The same for a gradient: loops over n elements of x, y, out and dout (the two last always move) that write n elements
// of d.
template <class T>
struct GradRows {
  using Fn = void (*)(const T* x, const T* y, const T* out, const T* dout, T* d, int64_t n);
  Fn both, x_one, y_one;
};

template <class F, class T, int kXStep, int kYStep>
void GradRow(const T* x, const T* y, const T* out, const T* dout, T* d, int64_t n) {
  RunLoop<T>([=] {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) d[i] = F()(x[i * kXStep], y[i * kYStep], out[i], dout[i]);
  });
}

template <class F, class T>
constexpr GradRows<T> MakeGradRows() {
  return {GradRow<F, T, 1, 1>, GradRow<F, T, 0, 1>, GradRow<F, T, 1, 0>};
}

// Which of the two inputs a gradient is for.
enum class Side { kX, kY };

// d = the sum of rows' values over the axes along which the side's input was stretched. x, y, out may be null where the
// rows do not read them. d may be dout's memory when it has dout's size. Sums have a fixed order. T may be BFloat16
// where the gradient is dout (no rows); sums are float.
template <class T>
void RunBinaryGrad(const GradRows<T>& rows, Side side, const Dims& x_dims, const Dims& y_dims, int axis, const T* x,
                   const T* y, const T* out, const T* dout, T* d);

extern template void RunBinaryGrad(const GradRows<float>&, Side, const Dims&, const Dims&, int, const float*,
                                   const float*, const float*, const float*, float*);
extern template void RunBinaryGrad(const GradRows<double>&, Side, const Dims&, const Dims&, int, const double*,
                                   const double*, const double*, const double*, double*);
extern template void RunBinaryGrad(const GradRows<BFloat16>&, Side, const Dims&, const Dims&, int, const BFloat16*,
                                   const BFloat16*, const BFloat16*, const BFloat16*, BFloat16*);
extern template void RunBinaryGrad(const GradRows<int32_t>&, Side, const Dims&, const Dims&, int, const int32_t*,
                                   const int32_t*, const int32_t*, const int32_t*, int32_t*);
extern template void RunBinaryGrad(const GradRows<int64_t>&, Side, const Dims&, const Dims&, int, const int64_t*,
                                   const int64_t*, const int64_t*, const int64_t*, int64_t*);

}  // namespace paddle::math
