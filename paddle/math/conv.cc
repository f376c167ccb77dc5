#include "paddle/math/conv.h"

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/math/conv_impl.h"

namespace paddle {

Convolution::Convolution(DType dtype, const ConvShape& shape, ConvPass pass, bool accumulate, bool weight) {
  if (dtype == DType::kFloat32 && !accumulate) impl_ = MakeBlockedConv(shape, pass, weight);
  if (!impl_) impl_ = MakeColumnConv(dtype, shape, pass, accumulate);
}

size_t Convolution::scratch_bytes() const { return impl_ ? impl_->scratch_bytes() : 0; }

void Convolution::Run(const Tensor& a, const Tensor& b, Tensor& out, std::byte* scratch) const {
  impl_->Run(a, b, out, scratch);
}

template <class T>
void AddConvBias(const ConvShape& s, const T* bias, T* output) {
  const int64_t run = s.nhwc ? 1 : s.out_pixels();  // elements in a row of the same filter
  const int64_t rows = s.output_size() / std::max<int64_t>(run, 1);
  ParallelFor(rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(run, 1)), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T value = bias[row % s.filters];
      for (int64_t i = row * run; i < (row + 1) * run; ++i) output[i] += value;
    }
  });
}
template void AddConvBias<float>(const ConvShape&, const float*, float*);
template void AddConvBias<double>(const ConvShape&, const double*, double*);

template <class T>
void ConvBiasGrad(const ConvShape& s, const T* d_output, T* d_bias) {
  const int64_t pixels = s.out_pixels();
  ParallelFor(s.filters, std::max<int64_t>(1, 16384 / std::max<int64_t>(s.n * pixels, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t k = begin; k < end; ++k) {
                  T sum = 0;
                  for (int64_t i = 0; i < s.n; ++i) {
                    const T* d = d_output + (s.nhwc ? i * pixels * s.filters + k : (i * s.filters + k) * pixels);
                    const int64_t step = s.nhwc ? s.filters : 1;
                    T part = 0;
                    for (int64_t p = 0; p < pixels; ++p) part += d[p * step];
                    sum += part;
                  }
                  d_bias[k] = sum;
                }
              });
}
template void ConvBiasGrad<float>(const ConvShape&, const float*, float*);
template void ConvBiasGrad<double>(const ConvShape&, const double*, double*);

}  // namespace paddle
