// Tensors of random numbers. Element i depends on the seed, the run's number, the op and i only.

#include <algorithm>
#include <numeric>

#include "paddle/math/random_fill.h"
#include "paddle/ops/creation/creation.h"

namespace paddle {
namespace {

constexpr std::string_view kShapeDoc = "Sizes of Out.";
constexpr std::string_view kSeedDoc =
    "Not 0: every run gives the same numbers. 0: the program's seed and the run's number decide.";
constexpr std::string_view kDTypeDoc = "Element type of Out, by its number in Fluid's files.";
constexpr std::string_view kInIdxDoc = "The axis of Input whose size is taken.",
                           kOutIdxDoc = "The axis of Out that gets it.";

math::Philox Generator(const RandomSource& source, int64_t seed) {
  const RandomKey key = source.Key(seed);
  return math::Philox(key.seed, key.step, key.op);
}

// Where an op takes its shape from: the attribute `shape` and shape tensors, or a size of the input `Input`.
struct FromShape {
  std::vector<int64_t> shape;
};
struct LikeInput {
  std::vector<int32_t> shape;
  int32_t input_dim_idx = 0;
  int32_t output_dim_idx = 0;
};

Dims ShapeOf(const InferContext& context, const FromShape& attrs) { return ShapeFromInputs(context, attrs.shape); }
Dims ShapeOf(const InferContext& context, const LikeInput& attrs) {
  return ShapeLikeInput(context, attrs.shape, attrs.input_dim_idx, attrs.output_dim_idx);
}

// The attributes of ShapeSource, then those in `rest`.
template <class A, class... Rest>
auto ShapeFields(const Rest&... rest) {
  if constexpr (std::is_base_of_v<LikeInput, A>) {
    return std::tuple{Field{"shape", &A::shape, kShapeDoc, Presence::kRequired},
                      Field{"input_dim_idx", &A::input_dim_idx, kInIdxDoc},
                      Field{"output_dim_idx", &A::output_dim_idx, kOutIdxDoc}, rest...};
  } else {
    return std::tuple{Field{"shape", &A::shape, kShapeDoc}, rest...};
  }
}

template <class ShapeSource>
struct GaussianAttrs : ShapeSource {
  float mean = 0, std = 1;
  int32_t seed = 0;
  int32_t dtype = 5;
  static auto Fields() {
    using A = GaussianAttrs;
    return ShapeFields<A>(Field{"mean", &A::mean, "Mean."}, Field{"std", &A::std, "Standard deviation."},
                          Field{"seed", &A::seed, kSeedDoc}, Field{"dtype", &A::dtype, kDTypeDoc});
  }
};

template <class ShapeSource>
struct UniformAttrs : ShapeSource {
  float min = -1, max = 1;
  int32_t seed = 0;
  int32_t diag_num = 0, diag_step = 0;
  float diag_val = 1;
  int32_t dtype = 5;
  static auto Fields() {
    using A = UniformAttrs;
    return ShapeFields<A>(
        Field{"min", &A::min, "Lower bound, included."}, Field{"max", &A::max, "Upper bound, excluded."},
        Field{"seed", &A::seed, kSeedDoc}, Field{"diag_num", &A::diag_num, "Number of elements that become diag_val."},
        Field{"diag_step", &A::diag_step, "They stand diag_step + 1 elements apart, from the first on."},
        Field{"diag_val", &A::diag_val, "Their value."}, Field{"dtype", &A::dtype, kDTypeDoc});
  }
};

template <class Attrs>
void InferGaussian(const Attrs& attrs, InferContext& context) {
  context.SetOut("Out", ShapeOf(context, attrs), DTypeFromAttr(attrs.dtype, kFloats));
}

template <class Attrs>
void InferUniform(const Attrs& attrs, InferContext& context) {
  Require(attrs.min < attrs.max, "min is ", attrs.min, " and max is ", attrs.max, "; expected min < max");
  const Dims dims = ShapeOf(context, attrs);
  Require(attrs.diag_num >= 0 && attrs.diag_step >= 0, "diag_num is ", attrs.diag_num, " and diag_step is ",
          attrs.diag_step, "; expected 0 or more");
  if (const int64_t numel = dims.numel(); attrs.diag_num > 0 && numel >= 0) {
    const int64_t last = (int64_t{attrs.diag_num} - 1) * (int64_t{attrs.diag_step} + 1);
    Require(last < numel, "diag_num ", attrs.diag_num, " and diag_step ", attrs.diag_step, " reach element ", last,
            " of Out, which has ", numel);
  }
  context.SetOut("Out", dims, DTypeFromAttr(attrs.dtype, kFloats));
}

template <class Attrs>
void Gaussian(const Attrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    math::FillNormal<T>(out.mutable_data<T>(), out.numel(), Generator(source, attrs.seed), attrs.mean, attrs.std);
  });
}

template <class Attrs>
void Uniform(const Attrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    T* data = out.mutable_data<T>();
    math::FillUniform<T>(data, out.numel(), Generator(source, attrs.seed), attrs.min, attrs.max);
    for (int64_t i = 0; i < attrs.diag_num; ++i) data[i * (int64_t{attrs.diag_step} + 1)] = attrs.diag_val;
  });
}

template <class Attrs, void (*kKernel)(const Attrs&, const RandomSource&, Tensor&)>
void OfShape(const CpuContext&, const Attrs& attrs, const RandomSource& source, const Tensor*, Span<const Tensor>,
             Tensor& out) {
  kKernel(attrs, source, out);
}
template <class Attrs, void (*kKernel)(const Attrs&, const RandomSource&, Tensor&)>
void OfInput(const CpuContext&, const Attrs& attrs, const RandomSource& source, const Tensor&, Tensor& out) {
  kKernel(attrs, source, out);
}

using Normal = GaussianAttrs<FromShape>;
using NormalLike = GaussianAttrs<LikeInput>;
using Flat = UniformAttrs<FromShape>;
using FlatLike = UniformAttrs<LikeInput>;

struct TruncatedAttrs {
  std::vector<int32_t> shape;
  float mean = 0, std = 1;
  int32_t seed = 0;
  int32_t dtype = 5;
  static auto Fields() {
    using A = TruncatedAttrs;
    return std::tuple{Field{"shape", &A::shape, kShapeDoc, Presence::kRequired}, Field{"mean", &A::mean, "Mean."},
                      Field{"std", &A::std, "Standard deviation before cutting."}, Field{"seed", &A::seed, kSeedDoc},
                      Field{"dtype", &A::dtype, kDTypeDoc}};
  }
};

void InferTruncated(const TruncatedAttrs& attrs, InferContext& context) {
  const Dims dims(attrs.shape);
  Require(dims.known(), "shape is ", dims, "; expected sizes of 0 or more");
  context.SetOut("Out", dims, DTypeFromAttr(attrs.dtype, kFloats));
}

void Truncated(const CpuContext&, const TruncatedAttrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    math::FillTruncatedNormal<T>(out.mutable_data<T>(), out.numel(), Generator(source, attrs.seed), attrs.mean,
                                 attrs.std);
  });
}

struct RandintAttrs : FromShape {
  int32_t low = 0, high = 0;
  int32_t dtype = 3;
  int32_t seed = 0;
  static auto Fields() {
    using A = RandintAttrs;
    return ShapeFields<A>(Field{"low", &A::low, "Lower bound, included.", Presence::kRequired},
                          Field{"high", &A::high, "Upper bound, excluded.", Presence::kRequired},
                          Field{"dtype", &A::dtype, kDTypeDoc}, Field{"seed", &A::seed, kSeedDoc});
  }
};

void InferRandint(const RandintAttrs& attrs, InferContext& context) {
  Require(attrs.low < attrs.high, "low is ", attrs.low, " and high is ", attrs.high, "; expected low < high");
  context.SetOut("Out", ShapeFromInputs(context, attrs.shape), DTypeFromAttr(attrs.dtype, kIndices));
}

void Randint(const RandintAttrs& attrs, const RandomSource& source, Tensor& out) {
  const auto philox = Generator(source, attrs.seed);
  const uint64_t range = static_cast<uint64_t>(int64_t{attrs.high} - attrs.low);
  VisitIndex(out.dtype(), [&]<class T>() {
    T* data = out.mutable_data<T>();
    ParallelFor(out.numel(), math::kCostlyGrain / 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto bits = philox(static_cast<uint64_t>(i));
        data[i] = static_cast<T>(attrs.low +
                                 static_cast<int64_t>(math::BelowBound(uint64_t{bits[1]} << 32 | bits[0], range)));
      }
    });
  });
}

struct RandpermAttrs {
  int32_t n = 0;
  int32_t dtype = 3;
  int32_t seed = 0;
  static auto Fields() {
    using A = RandpermAttrs;
    return std::tuple{Field{"n", &A::n, "Number of elements.", Presence::kRequired},
                      Field{"dtype", &A::dtype, kDTypeDoc}, Field{"seed", &A::seed, kSeedDoc}};
  }
};

void InferRandperm(const RandpermAttrs& attrs, InferContext& context) {
  Require(attrs.n > 0, "n is ", attrs.n, "; expected 1 or more");
  context.SetOut("Out", {attrs.n}, DTypeFromAttr(attrs.dtype, kIndices));
}

void Randperm(const CpuContext&, const RandpermAttrs& attrs, const RandomSource& source, Tensor& out) {
  const auto philox = Generator(source, attrs.seed);
  VisitIndex(out.dtype(), [&]<class T>() {
    T* data = out.mutable_data<T>();
    std::iota(data, data + attrs.n, T(0));
    for (int64_t i = attrs.n - 1; i > 0; --i) {  // Fisher and Yates
      const auto bits = philox(static_cast<uint64_t>(i));
      std::swap(data[i], data[math::BelowBound(uint64_t{bits[1]} << 32 | bits[0], static_cast<uint64_t>(i) + 1)]);
    }
  });
}

struct SeedAttrs {
  int32_t seed = 0;
  static auto Fields() {
    return std::tuple{Field{"seed", &SeedAttrs::seed, "The number; 0: a new random one every run."}};
  }
};

void InferSeed(const SeedAttrs&, InferContext& context) { context.SetOut("Out", {1}, DType::kInt32); }

void Seed(const CpuContext&, const SeedAttrs& attrs, const RandomSource& source, Tensor& out) {
  int32_t seed = attrs.seed;
  for (uint64_t block = 0; seed == 0; ++block) seed = static_cast<int32_t>(Generator(source, 0)(block)[0]);
  *out.mutable_data<int32_t>() = seed;
}

const std::vector<SlotSpec> kShapeSlots{kShapeTensorSlot, kShapeTensorListSlot};
const std::vector<SlotSpec> kInputSlot{{"Input", "Tensor that gives one size.", kMetaOnly | kNoGradient}};
const std::vector<SlotSpec> kOut{{"Out", "The numbers."}};

template <class Attrs>
Registered Register(std::string_view name, std::string_view doc, const std::vector<SlotSpec>& inputs,
                    void (*infer)(const Attrs&, InferContext&)) {
  return RegisterOp<Attrs>(
      {.name = name, .doc = doc, .inputs = inputs, .outputs = kOut, .infer = infer, .traits = kRandom});
}

[[maybe_unused]] const Registered kOps[] = {
    Register<Normal>("gaussian_random", "Out = independent normal random numbers (Box and Muller 1958).", kShapeSlots,
                     InferGaussian<Normal>),
    RegisterKernel("gaussian_random", OfShape<Normal, Gaussian<Normal>>),
    Register<NormalLike>("gaussian_random_batch_size_like",
                         "As gaussian_random, of shape `shape` but for one size that is Input's.", kInputSlot,
                         InferGaussian<NormalLike>),
    RegisterKernel("gaussian_random_batch_size_like", OfInput<NormalLike, Gaussian<NormalLike>>),
    Register<Flat>("uniform_random", "Out = independent random numbers, uniform in [min, max).", kShapeSlots,
                   InferUniform<Flat>),
    RegisterKernel("uniform_random", OfShape<Flat, Uniform<Flat>>),
    Register<FlatLike>("uniform_random_batch_size_like",
                       "As uniform_random, of shape `shape` but for one size that is Input's.", kInputSlot,
                       InferUniform<FlatLike>),
    RegisterKernel("uniform_random_batch_size_like", OfInput<FlatLike, Uniform<FlatLike>>),
    Register<TruncatedAttrs>("truncated_gaussian_random",
                             "Out = independent normal random numbers within two standard deviations of the mean "
                             "(values outside do not occur).",
                             {}, InferTruncated),
    RegisterKernel("truncated_gaussian_random", Truncated),
    Register<RandintAttrs>("randint", "Out = independent random integers, uniform in [low, high).", kShapeSlots,
                           InferRandint),
    RegisterKernel("randint", OfShape<RandintAttrs, Randint>),
    Register<RandpermAttrs>("randperm", "Out = the numbers 0 to n - 1 in random order, each order equally likely.", {},
                            InferRandperm),
    RegisterKernel("randperm", Randperm),
    Register<SeedAttrs>("seed",
                        "Out = a seed for ops that take one as an input: `seed`, or a new random number every run.", {},
                        InferSeed),
    RegisterKernel("seed", Seed),
};

}  // namespace
}  // namespace paddle
