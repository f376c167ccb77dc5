// Differentially private gradient descent (Abadi et al., 2016).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "paddle/math/random.h"
#include "paddle/math/sums.h"
#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct DpsgdAttrs {
  float clip = 10;
  float batch_size = 16;
  float sigma = 1;
  int32_t seed = 0;

  static auto Fields() {
    using A = DpsgdAttrs;
    return std::tuple{Field{"clip", &A::clip, "Largest norm of the gradient; a larger one is scaled down to it."},
                      Field{"batch_size", &A::batch_size, "Number of examples of a batch."},
                      Field{"sigma", &A::sigma, "Standard deviation of the noise before it is divided by batch_size."},
                      Field{"seed", &A::seed, "Seed of the noise, the same in every run; 0: another one each run."}};
  }
};

using Attrs = DpsgdAttrs;

void Infer(const Attrs& attrs, InferContext& context) {
  Require(attrs.clip > 0 && attrs.batch_size > 0, "clip and batch_size must be positive, got ", attrs.clip, " and ",
          attrs.batch_size);
  InferUpdate(context, {"Grad"}, {{"ParamOut", "Param"}});
}

// One number of the standard normal distribution, by Box and Muller's method.
void Dpsgd(const CpuContext&, const Attrs& attrs, const RandomSource& random, const Tensor& param, const Tensor& grad,
           const Tensor& rate, Tensor& param_out) {
  const RandomKey key = random.Key(attrs.seed);
  const double noise =
      attrs.sigma / attrs.batch_size * math::NormalBlock<double>(math::Philox(key.seed, key.step, key.op), 0)[0];
  VisitFloat(param.dtype(), [&]<class T>() {
    const T *p = param.data<T>(), *g = grad.data<T>(), lr = *rate.data<T>();
    T* out = param_out.mutable_data<T>();
    const double norm = std::sqrt(ParallelSum<T>(param.numel(), [=](int64_t i) { return g[i] * g[i]; }));
    const T scale = static_cast<T>(1 / std::max(1.0, norm / attrs.clip)), shift = static_cast<T>(noise);
    ForEachElement(param.numel(), [=](int64_t i) { out[i] = p[i] - lr * (g[i] * scale + shift); });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "dpsgd",
    .doc = "Differentially private gradient descent: ParamOut = Param - LearningRate (Grad / max(1, |Grad| / clip) + "
           "sigma z / batch_size), with one z of the "
           "standard normal distribution a step. Abadi et al., 2016, arXiv:1607.00133.",
    .inputs = {{"Param", "The parameter."}, {"Grad", "Gradient."}, {"LearningRate", "One number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}},
    .traits = kRandom,
});
const Registered kCpu = RegisterKernel("dpsgd", Dpsgd);

}  // namespace
}  // namespace paddle
