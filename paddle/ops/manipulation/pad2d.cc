#include <algorithm>
#include <cstring>

#include "paddle/device/parallel.h"
#include "paddle/ops/manipulation/integers.h"

namespace paddle {
namespace {

struct Pad2dAttrs {
  std::vector<int32_t> paddings;
  float pad_value = 0;
  std::string mode = "constant", data_format = "NCHW";
  static auto Fields() {
    using A = Pad2dAttrs;
    return std::tuple{
        Field{"paddings", &A::paddings,
              "Pixels above, below, left and right; the input Paddings goes before it. Negative ones cut.",
              Presence::kRequired},
        Field{"pad_value", &A::pad_value, "The constant of the mode \"constant\"."},
        Field{
            "mode", &A::mode,
            "What the new pixels are: \"constant\", \"reflect\" (mirrored at the outer pixels) or \"edge\" (the outer "
            "pixels)."},
        Field{"data_format", &A::data_format, "\"NCHW\" or \"NHWC\"."}};
  }
};

bool ChannelsLast(const Pad2dAttrs& attrs) {
  Require(attrs.data_format == "NCHW" || attrs.data_format == "NHWC", "data_format is \"", attrs.data_format,
          "\"; expected NCHW or NHWC");
  return attrs.data_format == "NHWC";
}

// The padded size of an axis; -1 where it is not known.
int64_t PaddedSize(const Pad2dAttrs& attrs, int64_t size, int64_t before, int64_t after, int axis) {
  if (size < 0 || before == kUnknownInteger || after == kUnknownInteger) return -1;
  for (const int64_t padding : {before, after}) {
    Require(padding >= -size, "the padding of axis ", axis, " is ", padding, ", but its size is ", size, "; expected ",
            -size, " or more");
    if (attrs.mode == "reflect")
      Require(padding == 0 || (padding < size && padding > -size), "the padding of axis ", axis, " is ", padding,
              ", but only ", size - 1, " pixels can be mirrored; expected less than ", size);
    if (attrs.mode == "edge") Require(size > 0, "axis ", axis, " has no pixel to repeat");
  }
  const int64_t padded = size + before + after;
  Require(padded > 0 || size == 0, "the paddings ", before, " and ", after, " leave nothing of axis ", axis,
          " of size ", size);
  return padded;
}

Dims PaddedDims(const Pad2dAttrs& attrs, const InferContext& context) {
  context.CheckRank("X", 4, 4);
  Dims dims = context.In("X").dims;
  Require(attrs.mode == "constant" || attrs.mode == "reflect" || attrs.mode == "edge", "mode is \"", attrs.mode,
          "\"; expected constant, reflect or edge");
  const auto paddings = InferIntegers(context, "Paddings", {}, attrs.paddings, 4);
  Require(paddings.size() == 4, "paddings has ", paddings.size(), " values; expected above, below, left, right");
  const int h = ChannelsLast(attrs) ? 1 : 2;
  for (int i = 0; i < 2; ++i) dims[h + i] = PaddedSize(attrs, dims[h + i], paddings[2 * i], paddings[2 * i + 1], h + i);
  return dims;
}

void Infer(const Pad2dAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  const Dims dims = PaddedDims(attrs, context);
  const TensorMeta x = context.In("X");
  context.SetOut("Out", dims, x.dtype);
  context.ShareLod("X", "Out");
}

void InferGrad(const Pad2dAttrs& attrs, InferContext& context) {
  const Dims dims = PaddedDims(attrs, context);
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          ", but Out has ", dims);
  context.CheckDType("X", kNumbers);
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

// For each pixel of a padded axis the pixel it comes from; -1: none.
std::vector<int64_t> Sources(const std::string& mode, int64_t size, int64_t before, int64_t padded) {
  std::vector<int64_t> sources(padded);
  for (int64_t i = 0; i < padded; ++i) {
    int64_t from = i - before;
    if (mode == "reflect") {
      from = from < 0 ? -from : from;
      from = from >= size ? 2 * (size - 1) - from : from;
    } else if (mode == "edge") {
      from = std::clamp<int64_t>(from, 0, size - 1);
    } else if (from < 0 || from >= size) {
      from = -1;
    }
    sources[i] = from;
  }
  return sources;
}

// Images as [planes, height, width, inner].
struct Images {
  int64_t planes, height, width, inner, padded_height, padded_width;
  std::vector<int64_t> rows, columns;
  // Columns [first, last) come from pixels that follow each other.
  int64_t first, last;

  Images(const Pad2dAttrs& attrs, const Tensor* paddings, const Dims& x, const Dims& padded) {
    const auto p = KernelIntegers(paddings, {}, attrs.paddings);
    const bool last_channels = ChannelsLast(attrs);
    const int h = last_channels ? 1 : 2;
    planes = last_channels ? x[0] : x[0] * x[1];
    inner = last_channels ? x[3] : 1;
    height = x[h];
    width = x[h + 1];
    padded_height = padded[h];
    padded_width = padded[h + 1];
    rows = Sources(attrs.mode, height, p[0], padded_height);
    columns = Sources(attrs.mode, width, p[2], padded_width);
    first = std::clamp<int64_t>(p[2], 0, padded_width);
    last = std::clamp<int64_t>(p[2] + width, first, padded_width);
  }
};

template <class T>
void PadRow(const Images& im, const T* x, T value, T* out) {
  const auto pixel = [&](int64_t j) {
    T* to = out + j * im.inner;
    if (im.columns[j] < 0)
      std::fill_n(to, im.inner, value);
    else
      std::copy_n(x + im.columns[j] * im.inner, im.inner, to);
  };
  for (int64_t j = 0; j < im.first; ++j) pixel(j);
  if (im.last > im.first)
    std::copy_n(x + im.columns[im.first] * im.inner, (im.last - im.first) * im.inner, out + im.first * im.inner);
  for (int64_t j = im.last; j < im.padded_width; ++j) pixel(j);
}

void Pad(const CpuContext&, const Pad2dAttrs& attrs, const Tensor& x, const Tensor* paddings, Tensor& out) {
  const Images im(attrs, paddings, x.dims(), out.dims());
  const int64_t x_row = im.width * im.inner, row = im.padded_width * im.inner;
  if (out.numel() == 0) return;
  VisitNumber(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = out.mutable_data<T>();
    const T value = static_cast<T>(attrs.pad_value);
    ParallelFor(im.planes * im.padded_height, std::max<int64_t>(1, 16384 / row), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const int64_t plane = r / im.padded_height, source = im.rows[r % im.padded_height];
        if (source < 0)
          std::fill_n(to + r * row, row, value);
        else
          PadRow(im, from + (plane * im.height + source) * x_row, value, to + r * row);
      }
    });
  });
}

void PadGrad(const CpuContext&, const Pad2dAttrs& attrs, const Tensor& dout, const Tensor* paddings, const Tensor& x,
             Tensor& dx) {
  const Images im(attrs, paddings, x.dims(), dout.dims());
  const int64_t row = im.padded_width * im.inner, plane_size = im.height * im.width * im.inner;
  VisitNumber(dx.dtype(), [&]<class T>() {
    const T* from = dout.data<T>();
    T* to = dx.mutable_data<T>();
    const int64_t work = std::max<int64_t>(1, im.padded_height * row);
    ParallelFor(im.planes, std::max<int64_t>(1, 16384 / work), [&](int64_t begin, int64_t end) {
      std::fill(to + begin * plane_size, to + end * plane_size, T(0));
      for (int64_t r = begin * im.padded_height; r < end * im.padded_height; ++r) {
        const int64_t source = im.rows[r % im.padded_height];
        if (source < 0) continue;
        T* d = to + (r / im.padded_height * im.height + source) * im.width * im.inner;
        for (int64_t j = 0; j < im.padded_width; ++j)
          for (int64_t k = 0; im.columns[j] >= 0 && k < im.inner; ++k)
            d[im.columns[j] * im.inner + k] += from[r * row + j * im.inner + k];
      }
    });
  });
}

const SlotSpec kPaddings{"Paddings", "Pixels above, below, left and right: 4 integers; goes before `paddings`.",
                         kOptional | kValue | kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<Pad2dAttrs>({.name = "pad2d",
                            .doc = "Out = images with more pixels around them.",
                            .inputs = {{"X", "[N, C, H, W] or [N, H, W, C], see data_format."}, kPaddings},
                            .outputs = {{"Out", "The larger images, with X's LoD."}},
                            .infer = Infer}),
    RegisterKernel("pad2d", Pad),
    RegisterOp<Pad2dAttrs>(
        {.name = "pad2d_grad",
         .doc = "Each pixel of X@GRAD = the sum of Out@GRAD at the pixels that it was copied to.",
         .inputs = {{"Out@GRAD", "Gradient of Out."}, kPaddings, {"X", "Input of the op.", kMetaOnly}},
         .outputs = {{"X@GRAD", "Gradient of X."}},
         .infer = InferGrad}),
    RegisterKernel("pad2d_grad", PadGrad),
};

}  // namespace
}  // namespace paddle
