// Tensors of random numbers.

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/math/random.h"
#include "paddle/ops/creation/creation.h"

namespace paddle {
namespace {

constexpr int64_t kGrain = 4096;

RandomStream StreamOf(const RandomKey& key) { return {key.seed, key.step, key.op}; }

struct GaussianAttrs {
  std::vector<int64_t> shape;
  float mean = 0, std = 1;
  int32_t seed = 0;
  int32_t dtype = static_cast<int32_t>(DType::kFloat32);
  static auto Fields() {
    return std::tuple{Field{"shape", &GaussianAttrs::shape, "Shape of Out."},
                      Field{"mean", &GaussianAttrs::mean, "Mean of the distribution."},
                      Field{"std", &GaussianAttrs::std, "Standard deviation of the distribution."},
                      Field{"seed", &GaussianAttrs::seed, "Not 0: the same numbers in every run."},
                      Field{"dtype", &GaussianAttrs::dtype, "Element type of Out, as a number of VarType."}};
  }
};

struct TruncatedAttrs {
  std::vector<int32_t> shape;
  float mean = 0, std = 1;
  int32_t seed = 0;
  int32_t dtype = static_cast<int32_t>(DType::kFloat32);
  static auto Fields() {
    return std::tuple{Field{"shape", &TruncatedAttrs::shape, "Shape of Out.", Presence::kRequired},
                      Field{"mean", &TruncatedAttrs::mean, "Mean of the distribution before it is cut."},
                      Field{"std", &TruncatedAttrs::std, "Standard deviation of the distribution before it is cut."},
                      Field{"seed", &TruncatedAttrs::seed, "Not 0: the same numbers in every run."},
                      Field{"dtype", &TruncatedAttrs::dtype, "Element type of Out, as a number of VarType."}};
  }
};

struct UniformAttrs {
  std::vector<int64_t> shape;
  float min = -1, max = 1;
  int32_t seed = 0;
  int32_t diag_num = 0, diag_step = 0;
  float diag_val = 1;
  int32_t dtype = static_cast<int32_t>(DType::kFloat32);
  static auto Fields() {
    using A = UniformAttrs;
    return std::tuple{Field{"shape", &A::shape, "Shape of Out."},
                      Field{"min", &A::min, "Least value."},
                      Field{"max", &A::max, "Bound that the values stay below."},
                      Field{"seed", &A::seed, "Not 0: the same numbers in every run."},
                      Field{"diag_num", &A::diag_num, "How many elements are set to diag_val: number i at i * diag_step + i."},
                      Field{"diag_step", &A::diag_step, "Distance of these elements, less one."},
                      Field{"diag_val", &A::diag_val, "Their value."},
                      Field{"dtype", &A::dtype, "Element type of Out, as a number of VarType."}};
  }
};

void CheckSizes(const InferContext& context, const Dims& dims) {
  for (const int64_t size : dims) Require(size >= 0 || context.building(), "the shape ", dims, " has the negative size ", size);
}

template <class Attrs>
void InferRandom(const Attrs& attrs, InferContext& context) {
  const Dims dims = ShapeFromInputs(context, attrs.shape);
  CheckSizes(context, dims);
  context.SetOut("Out", dims, DTypeFromAttr(attrs.dtype, kFloats));
}

void InferTruncated(const TruncatedAttrs& attrs, InferContext& context) {
  const Dims dims(attrs.shape);
  CheckSizes(context, dims);
  context.SetOut("Out", dims, DTypeFromAttr(attrs.dtype, kFloats));
}

void InferUniform(const UniformAttrs& attrs, InferContext& context) {
  Require(attrs.min <= attrs.max, "min (", attrs.min, ") must not be above max (", attrs.max, ")");
  Require(attrs.diag_num >= 0 && attrs.diag_step >= 0, "diag_num and diag_step must not be negative");
  InferRandom(attrs, context);
}

template <class Draw>
void FillWith(Tensor& out, Draw draw) {
  VisitFloat(out.dtype(), [&]<class T>() {
    T* data = out.mutable_data<T>();
    ParallelFor(out.numel(), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) data[i] = static_cast<T>(draw(static_cast<uint64_t>(i)));
    });
  });
}

void Gaussian(const CpuContext&, const GaussianAttrs& attrs, const RandomSource& random, const Tensor*, Span<const Tensor>, Tensor& out) {
  const RandomStream key = StreamOf(random.Key(attrs.seed));
  FillWith(out, [&](uint64_t i) { return attrs.mean + attrs.std * RandomNormal(key, i); });
}

// Draws again what lies beyond two standard deviations; each element has a stream of its own for that.
double TruncatedNormal(const RandomStream& key, uint64_t i) {
  double value = RandomNormal(key, i);
  for (int again = 0; std::abs(value) > 2; ++again) {
    RandomStream next = key;
    next.op += static_cast<uint32_t>(again + 1) << 24;
    value = RandomNormal(next, i);
  }
  return value;
}

void Truncated(const CpuContext&, const TruncatedAttrs& attrs, const RandomSource& random, Tensor& out) {
  const RandomStream key = StreamOf(random.Key(attrs.seed));
  FillWith(out, [&](uint64_t i) { return attrs.mean + attrs.std * TruncatedNormal(key, i); });
}

void Uniform(const CpuContext&, const UniformAttrs& attrs, const RandomSource& random, const Tensor*, Span<const Tensor>, Tensor& out) {
  const RandomStream key = StreamOf(random.Key(attrs.seed));
  const double width = static_cast<double>(attrs.max) - attrs.min;
  FillWith(out, [&](uint64_t i) { return attrs.min + width * RandomUniform(key, i); });
  VisitFloat(out.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < attrs.diag_num; ++i) {
      const int64_t at = i * attrs.diag_step + i;
      Require(at < out.numel(), "diag_num is ", attrs.diag_num, " and diag_step ", attrs.diag_step, ", which is beyond the ", out.numel(),
              " elements of Out");
      out.mutable_data<T>()[at] = static_cast<T>(attrs.diag_val);
    }
  });
}

const Registered kGaussian = RegisterOp<GaussianAttrs>({
    .name = "gaussian_random",
    .doc = "A tensor of numbers from a normal distribution.",
    .inputs = {kShapeTensorSlot, kShapeTensorListSlot},
    .outputs = {{"Out", "The tensor."}},
    .infer = InferRandom<GaussianAttrs>,
    .traits = kRandom,
});
const Registered kGaussianCpu = RegisterKernel("gaussian_random", Gaussian);

const Registered kTruncated = RegisterOp<TruncatedAttrs>({
    .name = "truncated_gaussian_random",
    .doc = "A tensor of numbers from a normal distribution cut off at two standard deviations.",
    .inputs = {},
    .outputs = {{"Out", "The tensor."}},
    .infer = InferTruncated,
    .traits = kRandom,
});
const Registered kTruncatedCpu = RegisterKernel("truncated_gaussian_random", Truncated);

const Registered kUniform = RegisterOp<UniformAttrs>({
    .name = "uniform_random",
    .doc = "A tensor of numbers spread evenly over [min, max).",
    .inputs = {kShapeTensorSlot, kShapeTensorListSlot},
    .outputs = {{"Out", "The tensor."}},
    .infer = InferUniform,
    .traits = kRandom,
});
const Registered kUniformCpu = RegisterKernel("uniform_random", Uniform);

}  // namespace
}  // namespace paddle
