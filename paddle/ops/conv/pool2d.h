#pragma once
// Attributes and sizes of pool2d.

#include <limits>

#include "paddle/op/attributes.h"
#include "paddle/tensor/dims.h"

namespace paddle {

struct Pool2dAttrs {
  std::string pooling_type;
  std::vector<int32_t> ksize;
  bool global_pooling = false;
  std::vector<int32_t> strides = {1, 1};
  std::vector<int32_t> paddings = {0, 0};
  bool exclusive = true;
  bool adaptive = false;
  bool ceil_mode = false;
  std::string data_format = "NCHW";
  bool is_test = false;
  std::string padding_algorithm = "EXPLICIT";

  static auto Fields() {
    using A = Pool2dAttrs;
    return std::tuple{
        Field{"pooling_type", &A::pooling_type, "max or avg.", Presence::kRequired},
        Field{"ksize", &A::ksize, "Height and width of the window; with adaptive, of the output.", Presence::kRequired},
        Field{"global_pooling", &A::global_pooling,
              "One window over the whole image; ksize and paddings are not used."},
        Field{"strides", &A::strides, "Steps of the window down and to the right."},
        Field{"paddings", &A::paddings,
              "Rows and columns around the image: (height, width) or (top, bottom, left, right)."},
        Field{"exclusive", &A::exclusive, "Whether a mean counts only elements inside the image."},
        Field{"adaptive", &A::adaptive,
              "Cut the image into ksize windows of (nearly) equal size; strides and paddings are not used."},
        Field{"ceil_mode", &A::ceil_mode, "Whether the last window may reach over the end of the image."},
        Field{"data_format", &A::data_format, "NCHW or NHWC: the layout of X and Out."},
        Field{"is_test", &A::is_test, "Has no influence: the result is the same in training and inference."},
        Field{"padding_algorithm", &A::padding_algorithm,
              "EXPLICIT takes paddings; VALID none; SAME as many as give ceil(size / stride) outputs."}};
  }
};

// The part of the input that one output position sees along one dimension.
struct PoolRange {
  int64_t begin, end;
  constexpr int64_t size() const { return end - begin; }
};

// Input and output positions along one dimension.
struct PoolAxis {
  int64_t size = 0, out = 0;
  int64_t kernel = 1, stride = 1, before = 0;
  bool adaptive = false;

  constexpr PoolRange At(int64_t i) const {
    if (adaptive) return {i * size / out, ((i + 1) * size + out - 1) / out};
    const int64_t begin = i * stride - before;
    return {Clamp(begin, size), Clamp(begin + kernel, size)};
  }
  // The output positions that may see input position i.
  constexpr PoolRange Seen(int64_t i) const {
    if (adaptive) return {i * out / size, ((i + 1) * out - 1) / size + 1};
    const int64_t first = i + before - kernel + 1;
    return {first <= 0 ? 0 : Clamp((first + stride - 1) / stride, out), Clamp((i + before) / stride + 1, out)};
  }

 private:
  static constexpr int64_t Clamp(int64_t at, int64_t limit) { return at < 0 ? 0 : at > limit ? limit : at; }
};

struct PoolSizes {
  int64_t n = 0, c = 0;
  PoolAxis rows, columns;
  int64_t window = 0;  // elements that a mean divides by; 0: those inside the image
  bool nhwc = false;

  constexpr int64_t Count(const PoolRange& y, const PoolRange& x) const {
    if (window) return window;
    const int64_t inside = y.size() * x.size();
    return inside > 1 ? inside : 1;
  }
};

// Sizes of a pooling, -1 where `x` holds it; throws InvalidArgument when they do not fit.
PoolSizes PoolSizesOf(const Pool2dAttrs& attrs, const Dims& x);

}  // namespace paddle
