#pragma once
// Attributes and sizes of conv2d and depthwise_conv2d.

#include "paddle/math/conv.h"
#include "paddle/op/attributes.h"
#include "paddle/op/infer.h"

namespace paddle {

struct Conv2dAttrs {
  bool is_test = false;
  std::vector<int32_t> strides = {1, 1};
  std::vector<int32_t> paddings = {0, 0};
  std::string padding_algorithm = "EXPLICIT";
  int32_t groups = 1;
  std::vector<int32_t> dilations = {1, 1};
  std::string data_format = "NCHW";

  static auto Fields() {
    using A = Conv2dAttrs;
    return std::tuple{
        Field{"is_test", &A::is_test, "Has no influence: the result is the same in training and inference."},
        Field{"strides", &A::strides, "Steps of the window down and to the right."},
        Field{"paddings", &A::paddings,
              "Rows and columns of zeros around the image: (height, width) or (top, bottom, left, right)."},
        Field{"padding_algorithm", &A::padding_algorithm,
              "EXPLICIT takes paddings; VALID none; SAME as many as give ceil(size / stride) outputs, with dilations "
              "taken as 1."},
        Field{"groups", &A::groups,
              "Channels and filters are cut into so many groups; a filter sees the channels of its group."},
        Field{"dilations", &A::dilations, "Distances between the elements of the filter."},
        Field{"data_format", &A::data_format, "NCHW or NHWC: the layout of Input and Output."}};
  }
};

// Sizes of a convolution, -1 where `input` or `filter` hold it; throws InvalidArgument when they do not fit.
ConvShape ConvShapeOf(const Conv2dAttrs& attrs, const Dims& input, const Dims& filter);

}  // namespace paddle
