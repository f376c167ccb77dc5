#pragma once
// Two-dimensional convolution and its gradients.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "paddle/tensor/tensor.h"

namespace paddle {

// Sizes of a convolution. Input is [n, c, h, w] and output [n, filters, out_h, out_w], or with `nhwc` the same with the
// channels last; the filter is [filters, c / groups, kernel_h, kernel_w] always.
struct ConvShape {
  int64_t n = 0, c = 0, h = 0, w = 0;
  int64_t filters = 0, kernel_h = 1, kernel_w = 1;
  int64_t out_h = 0, out_w = 0;
  int64_t groups = 1;
  int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0;  // bottom and right follow from the sizes
  bool nhwc = false;

  int64_t out_pixels() const { return out_h * out_w; }
  int64_t patch() const {
    return c / groups * kernel_h * kernel_w;
  }  // elements of the input that an output element sees
  int64_t input_size() const { return n * c * h * w; }
  int64_t filter_size() const { return filters * patch(); }
  int64_t output_size() const { return n * filters * out_pixels(); }
};

enum class ConvPass { kForward, kInputGrad, kFilterGrad };

// One pass of a convolution prepared for its sizes, for the State of a kernel. One run at a time.
class Convolution {
 public:
  Convolution() = default;
  // `dtype`: float32 or float64. With `accumulate` (kForward only) the result is added to what the output holds.
  // `weight`: the filter stays the same over many runs, see OpMetas::IsWeight.
  Convolution(DType dtype, const ConvShape& shape, ConvPass pass, bool accumulate = false, bool weight = false);

  size_t scratch_bytes() const;
  // kForward:    a = input, b = filter, out = output
  // kInputGrad:  a = gradient of the output, b = filter, out = gradient of the input
  // kFilterGrad: a = input, b = gradient of the output, out = gradient of the filter
  void Run(const Tensor& a, const Tensor& b, Tensor& out, std::byte* scratch) const;

  class Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

// output[.., k, ..] += bias[k] for every filter k.
template <class T>
void AddConvBias(const ConvShape& shape, const T* bias, T* output);
// Sum of the output's gradient over all but the filters.
template <class T>
void ConvBiasGrad(const ConvShape& shape, const T* d_output, T* d_bias);

}  // namespace paddle
