// Tensors of random numbers. Element i depends on the seed, the run's number, the op and i only.

#include "paddle/ops/creation/random.h"

#include <algorithm>

#include "paddle/math/random_fill.h"

namespace paddle {
namespace {

Dims ShapeOf(const InferContext& context, const RandomShape& attrs) { return ShapeFromInputs(context, attrs.shape); }
Dims ShapeOf(const InferContext& context, const RandomShapeLike& attrs) {
  return ShapeLikeInput(context, attrs.shape, attrs.input_dim_idx, attrs.output_dim_idx);
}

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
    math::FillNormal<T>(out.mutable_data<T>(), out.numel(), RandomStream(source, attrs.seed), attrs.mean, attrs.std);
  });
}

template <class Attrs>
void Uniform(const Attrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    T* data = out.mutable_data<T>();
    math::FillUniform<T>(data, out.numel(), RandomStream(source, attrs.seed), attrs.min, attrs.max);
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

void InferTruncated(const TruncatedAttrs& attrs, InferContext& context) {
  const Dims dims(attrs.shape);
  Require(dims.known(), "shape is ", dims, "; expected sizes of 0 or more");
  context.SetOut("Out", dims, DTypeFromAttr(attrs.dtype, kFloats));
}

void Truncated(const CpuContext&, const TruncatedAttrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    math::FillTruncatedNormal<T>(out.mutable_data<T>(), out.numel(), RandomStream(source, attrs.seed), attrs.mean,
                                 attrs.std);
  });
}

void InferRandint(const RandintAttrs& attrs, InferContext& context) {
  Require(attrs.low < attrs.high, "low is ", attrs.low, " and high is ", attrs.high, "; expected low < high");
  context.SetOut("Out", ShapeFromInputs(context, attrs.shape), DTypeFromAttr(attrs.dtype, kIndices));
}

void Randint(const RandintAttrs& attrs, const RandomSource& source, Tensor& out) {
  const auto philox = RandomStream(source, attrs.seed);
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

void InferRandperm(const RandpermAttrs& attrs, InferContext& context) {
  Require(attrs.n > 0, "n is ", attrs.n, "; expected 1 or more");
  context.SetOut("Out", {attrs.n}, DTypeFromAttr(attrs.dtype, kIndices));
}

void Randperm(const CpuContext&, const RandpermAttrs& attrs, const RandomSource& source, Tensor& out) {
  VisitIndex(out.dtype(),
             [&]<class T>() { Permute(RandomStream(source, attrs.seed), attrs.n, out.mutable_data<T>()); });
}

void InferSeed(const SeedAttrs&, InferContext& context) { context.SetOut("Out", {1}, DType::kInt32); }

void Seed(const CpuContext&, const SeedAttrs& attrs, const RandomSource& source, Tensor& out) {
  int32_t seed = attrs.seed;
  for (uint64_t block = 0; seed == 0; ++block) seed = static_cast<int32_t>(RandomStream(source, 0)(block)[0]);
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
    Register<NormalAttrs>("gaussian_random", "Out = independent normal random numbers (Box and Muller 1958).",
                          kShapeSlots, InferGaussian<NormalAttrs>),
    RegisterKernel("gaussian_random", OfShape<NormalAttrs, Gaussian<NormalAttrs>>),
    Register<NormalLikeAttrs>("gaussian_random_batch_size_like",
                              "As gaussian_random, of shape `shape` but for one size that is Input's.", kInputSlot,
                              InferGaussian<NormalLikeAttrs>),
    RegisterKernel("gaussian_random_batch_size_like", OfInput<NormalLikeAttrs, Gaussian<NormalLikeAttrs>>),
    Register<FlatAttrs>("uniform_random", "Out = independent random numbers, uniform in [min, max).", kShapeSlots,
                        InferUniform<FlatAttrs>),
    RegisterKernel("uniform_random", OfShape<FlatAttrs, Uniform<FlatAttrs>>),
    Register<FlatLikeAttrs>("uniform_random_batch_size_like",
                            "As uniform_random, of shape `shape` but for one size that is Input's.", kInputSlot,
                            InferUniform<FlatLikeAttrs>),
    RegisterKernel("uniform_random_batch_size_like", OfInput<FlatLikeAttrs, Uniform<FlatLikeAttrs>>),
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
