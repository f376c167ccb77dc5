#include "paddle/ops/conv/window.h"

#include <algorithm>

namespace paddle {

bool ChannelsLast(std::string_view data_format) {
  if (data_format == "NHWC") return true;
  Require(data_format == "NCHW" || data_format == "AnyLayout", "the data format is '", data_format,
          "'; expected NCHW or NHWC");
  return false;
}

ImageSizes SplitImage(const Dims& dims, bool nhwc, std::string_view slot) {
  Require(dims.rank() == 4, slot, " has shape ", dims, " of rank ", dims.rank(),
          "; expected rank 4: ", nhwc ? "[N, H, W, C]" : "[N, C, H, W]");
  return nhwc ? ImageSizes{dims[0], dims[3], dims[1], dims[2]} : ImageSizes{dims[0], dims[1], dims[2], dims[3]};
}

Dims JoinImage(const ImageSizes& s, bool nhwc) { return nhwc ? Dims{s.n, s.h, s.w, s.c} : Dims{s.n, s.c, s.h, s.w}; }

std::array<int64_t, 2> Pair(const std::vector<int32_t>& values, std::string_view attr, int64_t least) {
  Require(values.size() == 2 && std::min(values[0], values[1]) >= least, attr, " is ", values,
          "; expected two numbers of ", least, " or more");
  return {values[0], values[1]};
}

int64_t Window::Positions(int64_t size, bool ceil) const {
  if (size < 0) return -1;
  const int64_t room = size + before + after - extent();
  if (room < 0) return 0;
  return (room + (ceil ? stride - 1 : 0)) / stride + 1;
}

void SetPaddings(const std::string& algorithm, const std::vector<int32_t>& paddings, const ImageSizes& input,
                 std::array<Window, 2>* windows) {
  auto& [rows, columns] = *windows;
  Require(paddings.size() == 2 || paddings.size() == 4, "paddings is ", paddings,
          "; expected two numbers (height, width) or four (top, bottom, left, right)");
  Require(*std::min_element(paddings.begin(), paddings.end()) >= 0, "paddings is ", paddings,
          "; expected no negative number");
  const int64_t sizes[] = {input.h, input.w};
  if (algorithm == "SAME") {
    for (int i = 0; i < 2; ++i) {
      Window& window = (*windows)[i];
      window.dilation = 1;
      const int64_t positions = (sizes[i] + window.stride - 1) / window.stride;
      const int64_t sum =
          sizes[i] < 0 ? 0 : std::max<int64_t>((positions - 1) * window.stride + window.kernel - sizes[i], 0);
      window.before = sum / 2;
      window.after = sum - window.before;
    }
    return;
  }
  Require(algorithm == "EXPLICIT" || algorithm == "VALID", "padding_algorithm is '", algorithm,
          "'; expected EXPLICIT, SAME or VALID");
  if (algorithm == "VALID") {
    for (Window& window : *windows) window.before = window.after = 0;
  } else if (paddings.size() == 2) {
    rows.before = rows.after = paddings[0];
    columns.before = columns.after = paddings[1];
  } else {
    rows.before = paddings[0];
    rows.after = paddings[1];
    columns.before = paddings[2];
    columns.after = paddings[3];
  }
}

}  // namespace paddle
