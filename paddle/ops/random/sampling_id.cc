// sampling_id: draws a column of each row of probabilities.
#include "paddle/math/random.h"
#include "paddle/op/registry.h"
#include "paddle/ops/creation/random.h"

namespace paddle {
namespace {

struct SamplingIdAttrs {
  float min = 0, max = 1;
  int32_t seed = 0;

  static auto Fields() {
    using A = SamplingIdAttrs;
    return std::tuple{Field{"min", &A::min, "Lower bound of the uniform number of each row, included."},
                      Field{"max", &A::max, "Its upper bound, excluded."}, Field{"seed", &A::seed, kRandomSeedDoc}};
  }
};

void Infer(const SamplingIdAttrs& attrs, InferContext& context) {
  Require(attrs.min <= attrs.max, "min is ", attrs.min, " and max is ", attrs.max, "; expected min <= max");
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, 2);
  const Dims& dims = context.In("X").dims;
  Require(dims[1] != 0, "X has shape ", dims, "; expected at least one column");
  context.SetOut("Out", {dims[0]}, DType::kInt64);
}

void Run(const CpuContext&, const SamplingIdAttrs& attrs, const RandomSource& random, const Tensor& x, Tensor& out) {
  const math::Philox philox = RandomStream(random, attrs.seed);
  const int64_t columns = x.dim(1);
  int64_t* to = out.mutable_data<int64_t>();
  VisitFloat(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    for (int64_t i = 0; i < x.dim(0); ++i) {
      const double u = math::UniformBlock<double>(philox, static_cast<uint64_t>(i))[0];
      double left = attrs.min + (static_cast<double>(attrs.max) - attrs.min) * u;
      to[i] = columns - 1;
      for (int64_t j = 0; j < columns; ++j)
        if ((left -= from[i * columns + j]) < 0) {
          to[i] = j;
          break;
        }
    }
  });
}

const Registered kOp = RegisterOp<SamplingIdAttrs>({
    .name = "sampling_id",
    .doc = "Draws a column of each row: the first up to which the sum of the row exceeds a uniform random number; the "
           "last "
           "where none does.",
    .inputs = {{"X", "Probabilities [rows, columns].", kNoGradient}},
    .outputs = {{"Out", "The columns, int64 [rows]."}},
    .infer = Infer,
    .traits = kRandom,
});
const Registered kCpu = RegisterKernel("sampling_id", Run);

}  // namespace
}  // namespace paddle
