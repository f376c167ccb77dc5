#pragma once
// Sliding windows over the height and width of images: sizes, paddings, layouts, as convolutions and poolings share
// them.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "paddle/tensor/dims.h"

namespace paddle {

// An image batch's sizes; -1 where not known.
struct ImageSizes {
  int64_t n, c, h, w;
};

// Whether `data_format` puts the channels last. Throws InvalidArgument unless it is NCHW (or AnyLayout) or NHWC.
bool ChannelsLast(std::string_view data_format);

// Throws InvalidArgument unless `dims` has rank 4.
ImageSizes SplitImage(const Dims& dims, bool nhwc, std::string_view slot);
Dims JoinImage(const ImageSizes& sizes, bool nhwc);

// The two numbers of an attribute such as "strides"; throws InvalidArgument unless there are two, each at least
// `least`.
std::array<int64_t, 2> Pair(const std::vector<int32_t>& values, std::string_view attr, int64_t least);

// The window along one dimension.
struct Window {
  int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;

  int64_t extent() const { return dilation * (kernel - 1) + 1; }
  // Number of window positions over `size` elements; -1 when the size is unknown. With `ceil` the last may reach over
  // the end.
  int64_t Positions(int64_t size, bool ceil = false) const;
};

// Sets the paddings of the windows over height and width: from `paddings` (two numbers, or four: top, bottom, left,
// right) for EXPLICIT, none for VALID; for SAME such that there are ceil(size / stride) positions, with dilations reset
// to 1.
void SetPaddings(const std::string& algorithm, const std::vector<int32_t>& paddings, const ImageSizes& input,
                 std::array<Window, 2>* windows);

}  // namespace paddle
