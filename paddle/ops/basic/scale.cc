// Out = scale X + bias, and the mean.

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int64_t kGrain = 16384;

struct ScaleAttrs {
  float scale = 1, bias = 0;
  bool bias_after_scale = true;
  static auto Fields() {
    return std::tuple{Field{"scale", &ScaleAttrs::scale, "Factor."}, Field{"bias", &ScaleAttrs::bias, "Summand."},
                      Field{"bias_after_scale", &ScaleAttrs::bias_after_scale, "true: scale X + bias; false: scale (X + bias)."}};
  }
};

inline constexpr DTypeSet kScaled{DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64, DType::kInt16, DType::kInt8, DType::kUInt8};

void InferScale(const ScaleAttrs&, InferContext& context) {
  context.CheckDType("X", kScaled);
  if (context.Has("ScaleTensor")) {
    const int64_t numel = context.In("ScaleTensor").numel();
    Require(numel == 1 || numel < 0, "ScaleTensor must have one element, got shape ", context.In("ScaleTensor").dims);
  }
  context.CopyMeta("X", "Out");
}

template <class F>
void VisitScaled(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kInt16: return f.template operator()<int16_t>();
    case DType::kInt8: return f.template operator()<int8_t>();
    case DType::kUInt8: return f.template operator()<uint8_t>();
    default: return VisitNumber(dtype, f);
  }
}

double ScalarOf(const Tensor& tensor) {
  double value = 0;
  VisitScaled(tensor.dtype(), [&]<class T>() { value = static_cast<double>(*tensor.data<T>()); });
  return value;
}

template <class T>
void ScaleArray(const T* x, T scale, T bias, int64_t n, T* out) {
  ParallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = static_cast<T>(scale * x[i] + bias);
  });
}

void ScaleTensor(const ScaleAttrs& attrs, const Tensor& x, const Tensor* factor, Tensor& out) {
  VisitScaled(x.dtype(), [&]<class T>() {
    const T scale = static_cast<T>(factor ? ScalarOf(*factor) : static_cast<double>(attrs.scale));
    const T bias = static_cast<T>(attrs.bias);
    ScaleArray(x.data<T>(), scale, attrs.bias_after_scale ? bias : static_cast<T>(scale * bias), x.numel(), out.mutable_data<T>());
  });
}

void Scale(const CpuContext&, const ScaleAttrs& attrs, const Tensor& x, const Tensor* factor, Tensor& out) { ScaleTensor(attrs, x, factor, out); }

void ScaleRows(const CpuContext& cpu, const ScaleAttrs& attrs, const SelectedRows& x, const Tensor* factor, SelectedRows& out) {
  out.meta = x.meta;
  out.Allocate(static_cast<int64_t>(x.rows.size()), cpu.allocator());
  out.rows = x.rows;
  ScaleTensor(attrs, x.value, factor, out.value);
}

void GradScale(const ScaleAttrs& attrs, GradContext& g) {
  ScaleAttrs grad = attrs;
  grad.bias = 0;
  grad.bias_after_scale = true;
  OpDesc& op = g.Emit("scale", grad);
  op.SetInput("X", g.OutGrad("Out"));
  op.SetInput("ScaleTensor", g.In("ScaleTensor"));
  op.SetOutput("Out", g.InGrad("X"));
}

void InferMean(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.SetOut("Out", {1}, context.In("X").dtype);
}

// Blocks of a fixed size are summed apart, so that the result does not depend on the number of threads.
template <class T>
double SumOf(const T* x, int64_t n) {
  constexpr int64_t kBlock = 1024;
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    double lanes[8] = {};
    const int64_t count = std::min(kBlock, n - begin);
    for (int64_t i = 0; i < count; ++i) lanes[i % 8] += static_cast<double>(x[begin + i]);
    for (const double lane : lanes) total += lane;
  }
  return total;
}

void Mean(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    *out.mutable_data<T>() = static_cast<T>(SumOf(x.data<T>(), x.numel()) / static_cast<double>(x.numel()));
  });
}

void InferMeanGrad(const NoAttrs&, InferContext& context) { context.CopyMeta("X", "X@GRAD"); }

void MeanGrad(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& d_out, Tensor& dx) {
  VisitFloat(x.dtype(), [&]<class T>() {
    Require(d_out.numel() == 1, "Out@GRAD of mean must have one element, got shape ", d_out.dims());
    std::fill_n(dx.mutable_data<T>(), dx.numel(), static_cast<T>(*d_out.data<T>() / static_cast<T>(x.numel())));
  });
}

const Registered kScale = RegisterOp<ScaleAttrs>({
    .name = "scale",
    .doc = "Scales and shifts each element: Out = scale X + bias. Integers: scale and bias are cut to whole numbers first.",
    .inputs = {{"X", "Tensor or SelectedRows."}, {"ScaleTensor", "The factor as a tensor of one element; wins over the attribute.", kOptional | kNoGradient}},
    .outputs = {{"Out", "As X."}},
    .infer = InferScale,
    .grad = GradScale,
    .may_share = {{"Out", "X"}},
});
const Registered kScaleCpu = RegisterKernel("scale", Scale);
const Registered kScaleRowsCpu = RegisterKernel("scale", ScaleRows);

const Registered kMean = RegisterOp<NoAttrs>({
    .name = "mean",
    .doc = "The mean of all elements.",
    .inputs = {{"X", "Tensor of any shape."}},
    .outputs = {{"Out", "Shape [1]."}},
    .infer = InferMean,
});
const Registered kMeanCpu = RegisterKernel("mean", Mean);

const Registered kMeanGrad = RegisterOp<NoAttrs>({
    .name = "mean_grad",
    .doc = "Gradient of mean: Out@GRAD / numel(X) for each element.",
    .inputs = {{"X", "As given to mean; its shape is used.", kMetaOnly}, {"Out@GRAD", "Gradient of the mean."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferMeanGrad,
});
const Registered kMeanGradCpu = RegisterKernel("mean_grad", MeanGrad);

}  // namespace
}  // namespace paddle
