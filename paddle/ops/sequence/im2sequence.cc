// im2sequence: the windows of an image as the rows of a sequence.
#include <limits>

#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct Im2SequenceAttrs {
  std::vector<int32_t> kernels, strides{1, 1}, paddings{0, 0, 0, 0}, out_stride{1, 1};

  static auto Fields() {
    using A = Im2SequenceAttrs;
    return std::tuple{
        Field{"kernels", &A::kernels, "Height and width of a window.", Presence::kRequired},
        Field{"strides", &A::strides, "Rows and columns from one window to the next."},
        Field{"paddings", &A::paddings, "Rows and columns of zeros around the image: up, left, down, right."},
        Field{"out_stride", &A::out_stride,
              "By how much the image was shrunk since it had the real size that Y tells, in height and width."}};
  }
};

void CheckList(std::string_view name, const std::vector<int32_t>& values, size_t size, int32_t least) {
  Require(values.size() == size && std::all_of(values.begin(), values.end(), [=](int32_t v) { return v >= least; }),
          name, " is ", values, "; expected ", size, " integers, ", least, " at least");
}

// Places of a window along one dimension (0: rows, 1: columns) of an image of this size.
int64_t CountPlaces(const Im2SequenceAttrs& attrs, int axis, int64_t size) {
  const int64_t padded = size + attrs.paddings[axis] + attrs.paddings[axis + 2], kernel = attrs.kernels[axis];
  Require(padded >= kernel, "an image has ", size, axis ? " columns" : " rows", ", padded ", padded,
          "; a window of kernels ", attrs.kernels, " does not fit in");
  return (padded - kernel) / attrs.strides[axis] + 1;
}

// How many windows each image has, below each other and side by side.
struct Grid {
  int64_t rows = 0, columns = 0;
  int64_t count() const { return Dims{rows, columns}.numel(); }
};

Grid GridOf(const Im2SequenceAttrs& attrs, int64_t height, int64_t width) {
  return {CountPlaces(attrs, 0, height), CountPlaces(attrs, 1, width)};
}

// The grids of all images: that of X's size, or those of their real sizes.
std::vector<Grid> GridsOf(const Im2SequenceAttrs& attrs, const Dims& x, const Tensor* real) {
  if (!real) return std::vector<Grid>(x[0], GridOf(attrs, x[2], x[3]));
  std::vector<Grid> grids;
  VisitNumber(real->dtype(), [&]<class T>() {
    const T* size = real->data<T>();
    for (int64_t i = 0; i < x[0]; ++i) {
      int64_t shrunk[2];
      for (int axis = 0; axis < 2; ++axis) {
        const auto value = static_cast<double>(size[2 * i + axis]);
        Require(value >= 1 && value <= std::numeric_limits<int32_t>::max(), "Y[", i, ", ", axis, "] is ", value,
                "; expected the real size of an image, 1 at least");
        const int64_t stride = attrs.out_stride[axis];
        shrunk[axis] = (static_cast<int64_t>(value) + stride - 1) / stride;
      }
      grids.push_back(GridOf(attrs, shrunk[0], shrunk[1]));
    }
  });
  return grids;
}

Lod LodOf(const std::vector<Grid>& grids) {
  std::vector<int64_t> offsets{0};
  for (const Grid& grid : grids) {
    int64_t next = 0;
    Require(!__builtin_add_overflow(offsets.back(), grid.count(), &next), "the windows are too many");
    offsets.push_back(next);
  }
  return Lod::FromOffsets({std::move(offsets)});
}

// Elements of a window; checks X, Y and the attributes.
int64_t CheckInputs(const Im2SequenceAttrs& attrs, const InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 4, 4);
  CheckList("kernels", attrs.kernels, 2, 1);
  CheckList("strides", attrs.strides, 2, 1);
  CheckList("paddings", attrs.paddings, 4, 0);
  CheckList("out_stride", attrs.out_stride, 2, 1);
  const Dims& x = context.In("X").dims;
  if (context.Has("Y")) {
    context.CheckDType("Y", kNumbers);
    CheckDims(context, "Y", {x[0], 2});
  } else {
    for (int axis = 0; axis < 2; ++axis)
      if (x[2 + axis] >= 0) CountPlaces(attrs, axis, x[2 + axis]);
  }
  return Dims{x[1], attrs.kernels[0], attrs.kernels[1]}.numel();
}

Lod LodOfWindows(const Im2SequenceAttrs& attrs, const InferContext& context) {
  return LodOf(GridsOf(attrs, context.In("X").dims, context.Value("Y")));
}

void Infer(const Im2SequenceAttrs& attrs, InferContext& context) {
  const int64_t width = CheckInputs(attrs, context);
  const DType dtype = context.In("X").dtype;
  if (context.building()) {
    context.SetOut("Out", {-1, width}, dtype);
    context.SetLodLevel("Out", 1);
    return;
  }
  const Lod lod = LodOfWindows(attrs, context);
  context.SetOut("Out", {lod.rows(), width}, dtype);
  context.SetLod("Out", lod);
}

void InferGrad(const Im2SequenceAttrs& attrs, InferContext& context) {
  const int64_t width = CheckInputs(attrs, context);
  context.CheckSameDType("X", "Out@GRAD");
  CheckDims(context, "Out@GRAD", {context.building() ? -1 : LodOfWindows(attrs, context).rows(), width});
  context.CopyMeta("X", "X@GRAD");
}

// The part of a window at place `at` along one dimension that lies in the image: [from, to) of its kernel positions,
// where position k is row or column first + k of the image.
struct Inside {
  int64_t first, from, to;
};

Inside InsideOf(const Im2SequenceAttrs& attrs, int axis, int64_t at, int64_t size) {
  const int64_t kernel = attrs.kernels[axis], first = at * attrs.strides[axis] - attrs.paddings[axis];
  const int64_t from = std::clamp<int64_t>(-first, 0, kernel);
  return {first, from, std::clamp<int64_t>(size - first, from, kernel)};
}

template <class T>
void CopyWindow(const Im2SequenceAttrs& attrs, const Dims& x, const Inside& rows, const Inside& columns, const T* image,
                T* window) {
  const int64_t height = attrs.kernels[0], width = attrs.kernels[1];
  std::fill_n(window, x[1] * height * width, T{0});
  for (int64_t c = 0; c < x[1]; ++c)
    for (int64_t k = rows.from; k < rows.to; ++k) {
      const T* line = image + (c * x[2] + rows.first + k) * x[3] + columns.first;
      std::copy(line + columns.from, line + columns.to, window + (c * height + k) * width + columns.from);
    }
}

void Run(const CpuContext&, const Im2SequenceAttrs& attrs, const Tensor& x, const Tensor* y, Tensor& out) {
  const std::vector<Grid> grids = GridsOf(attrs, x.dims(), y);
  const int64_t width = out.dim(1);
  VisitFloat(x.dtype(), [&]<class T>() {
    T* windows = out.mutable_data<T>();
    ForRows(out.lod(), width, [&](int64_t row, int64_t i, int64_t begin, int64_t) {
      const int64_t columns = grids[i].columns, place = row - begin;
      CopyWindow(attrs, x.dims(), InsideOf(attrs, 0, place / columns, x.dim(2)),
                 InsideOf(attrs, 1, place % columns, x.dim(3)), x.data<T>() + i * RowSize(x.dims()),
                 windows + row * width);
    });
  });
}

// Adds one channel of all windows of an image.
template <class T>
void AddPlane(const Im2SequenceAttrs& attrs, const Dims& x, const Grid& grid, int64_t stride, const T* windows,
              T* plane) {
  for (int64_t r = 0; r < grid.rows; ++r) {
    const Inside rows = InsideOf(attrs, 0, r, x[2]);
    for (int64_t c = 0; c < grid.columns; ++c, windows += stride) {
      const Inside columns = InsideOf(attrs, 1, c, x[3]);
      for (int64_t k = rows.from; k < rows.to; ++k) {
        T* line = plane + (rows.first + k) * x[3] + columns.first;
        const T* from = windows + k * attrs.kernels[1];
        for (int64_t j = columns.from; j < columns.to; ++j) line[j] += from[j];
      }
    }
  }
}

void RunGrad(const CpuContext&, const Im2SequenceAttrs& attrs, const Tensor& d_out, const Tensor&, const Tensor* y,
             Tensor* dx) {
  if (!dx) return;
  const Dims& x = dx->dims();
  const std::vector<Grid> grids = GridsOf(attrs, x, y);
  const Lod lod = LodOf(grids);
  const int64_t channels = x[1], plane = x[2] * x[3], area = int64_t{attrs.kernels[0]} * attrs.kernels[1];
  VisitFloat(d_out.dtype(), [&]<class T>() {
    const T* d = d_out.data<T>();
    T* to = dx->mutable_data<T>();
    const int64_t grain = std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(1, plane));
    ParallelFor(x[0] * channels, grain, [&](int64_t begin, int64_t end) {
      std::fill(to + begin * plane, to + end * plane, T{0});
      for (int64_t p = begin; p < end; ++p) {
        const int64_t i = p / channels, width = channels * area;
        AddPlane(attrs, x, grids[i], width, d + lod.last()[i] * width + p % channels * area, to + p * plane);
      }
    });
  });
}

// Fluid's im2sequence_grad has no Y, without which it cannot tell how large the grids of windows are.
void Grad(const Im2SequenceAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("im2sequence_grad", attrs);
  op.SetInput("Out@GRAD", context.OutGrad("Out"));
  op.SetInput("X", context.In("X"));
  if (!context.In("Y").empty()) op.SetInput("Y", context.In("Y"));
  op.SetOutput("X@GRAD", context.InGrad("X"));
}

const Registered kOp = RegisterOp<Im2SequenceAttrs>({
    .name = "im2sequence",
    .doc = "The windows of each image, row by row, as the rows of a sequence: for recurrent networks over images.",
    .inputs = {{"X", "Images [images, channels, height, width]."},
               {"Y",
                "[images, 2]: real height and width of each image, of any number type. The windows then are those that "
                "fit in the real size divided by out_stride, rounded up.",
                kOptional | kValue | kNoGradient}},
    .outputs = {{"Out",
                 "[windows in all, channels * window height * window width], a sequence an image; zero where a window "
                 "reaches over the image."}},
    .infer = Infer,
    .grad = Grad,
});
const Registered kCpu = RegisterKernel("im2sequence", Run);

const Registered kGradOp = RegisterOp<Im2SequenceAttrs>({
    .name = "im2sequence_grad",
    .doc = "Gradient of im2sequence: each element gets the sum over the windows that it is in.",
    .inputs = {{"Out@GRAD", "Gradient of Out."},
               {"X", "Of the forward op.", kMetaOnly},
               {"Y", "Of the forward op.", kOptional | kValue}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("im2sequence_grad", RunGrad);

}  // namespace
}  // namespace paddle
