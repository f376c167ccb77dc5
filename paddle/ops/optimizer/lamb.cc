// LAMB: Adam's direction with a step in proportion to the layer's norm (You et al., 2019).
#include <cmath>

#include "paddle/math/sums.h"
#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct LambAttrs {
  float weight_decay = 0;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-6f;

  static auto Fields() {
    using A = LambAttrs;
    return std::tuple{Field{"weight_decay", &A::weight_decay, "Weight decay.", Presence::kRequired},
                      Field{"beta1", &A::beta1, "Decay of the first moment."},
                      Field{"beta2", &A::beta2, "Decay of the second moment."},
                      Field{"epsilon", &A::epsilon, "Added to the divisor."}};
  }
};

using Attrs = LambAttrs;

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(context, {"Grad", "Moment1", "Moment2"},
              {{"ParamOut", "Param"}, {"Moment1Out", "Moment1"}, {"Moment2Out", "Moment2"}});
}

template <class T>
struct Moments {
  T beta1, beta2;
  const T *m, *v;
  T *m_out, *v_out;

  Moments(const Attrs& attrs, const Tensor& moment1, const Tensor& moment2, Tensor& moment1_out, Tensor& moment2_out)
      : beta1(attrs.beta1),
        beta2(attrs.beta2),
        m(moment1.data<T>()),
        v(moment2.data<T>()),
        m_out(moment1_out.mutable_data<T>()),
        v_out(moment2_out.mutable_data<T>()) {}

  void operator()(int64_t i, T g) const {
    m_out[i] = beta1 * m[i] + (1 - beta1) * g;
    v_out[i] = beta2 * v[i] + (1 - beta2) * g * g;
  }
};

// From the moments: r = m / (sqrt(v) + epsilon) + weight_decay p, p -= lr |p| / |r| r.
template <class T>
void Step(const Attrs& attrs, const Tensor& param, const Tensor& rate, const T* m, const T* v, Tensor& param_out) {
  const T *p = param.data<T>(), decay = attrs.weight_decay, epsilon = attrs.epsilon;
  T* out = param_out.mutable_data<T>();
  const auto direction = [=](int64_t i) { return m[i] / (std::sqrt(v[i]) + epsilon) + decay * p[i]; };
  const double p_norm = std::sqrt(ParallelSum<T>(param.numel(), [=](int64_t i) { return p[i] * p[i]; }));
  const double r_norm = std::sqrt(ParallelSum<T>(param.numel(), [=](int64_t i) {
    const T r = direction(i);
    return r * r;
  }));
  const T lr = *rate.data<T>() * static_cast<T>(p_norm > 0 && r_norm > 0 ? p_norm / r_norm : 1);
  ForEachElement(param.numel(), [=](int64_t i) { out[i] = p[i] - lr * direction(i); });
}

void Lamb(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& grad, const Tensor& rate,
          const Tensor& moment1, const Tensor& moment2, const Tensor&, const Tensor&, Tensor& param_out,
          Tensor& moment1_out, Tensor& moment2_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const Moments<T> moments(attrs, moment1, moment2, moment1_out, moment2_out);
    const T* g = grad.data<T>();
    ForEachElement(param.numel(), [=](int64_t i) { moments(i, g[i]); });
    Step(attrs, param, rate, moments.m_out, moments.v_out, param_out);
  });
}

void LambSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param, const SelectedRows& grad,
                const Tensor& rate, const Tensor& moment1, const Tensor& moment2, const Tensor&, const Tensor&,
                Tensor& param_out, Tensor& moment1_out, Tensor& moment2_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    const Moments<T> moments(attrs, moment1, moment2, moment1_out, moment2_out);
    ForEachElement<T>(rows, param.dim(0), moments);
    Step(attrs, param, rate, moments.m_out, moments.v_out, param_out);
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "lamb",
    .doc = "LAMB: Moment1Out = beta1 Moment1 + (1 - beta1) Grad; Moment2Out = beta2 Moment2 + (1 - beta2) Grad^2; r = "
           "Moment1Out / (sqrt(Moment2Out) + "
           "epsilon) + weight_decay Param; ParamOut = Param - LearningRate |Param| / |r| r (the ratio is 1 where a "
           "norm is 0). Rows that a sparse gradient "
           "lacks count as zero. You et al., 2019, arXiv:1904.00962, without the correction of the moments' bias.",
    .inputs = {{"Param", "The parameter."},
               {"Grad", "Gradient, dense or SelectedRows."},
               {"LearningRate", "One number."},
               {"Moment1", "First moment, of Param's shape."},
               {"Moment2", "Second moment, of Param's shape."},
               {"Beta1Pow", "Not used."},
               {"Beta2Pow", "Not used."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."},
                {"Moment1Out", "The first moment, updated in place."},
                {"Moment2Out", "The second moment, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"}, {"Moment1Out", "Moment1"}, {"Moment2Out", "Moment2"}},
});
const Registered kCpu = RegisterKernel("lamb", Lamb);
const Registered kSparseCpu = RegisterKernel("lamb", PrepareRows<Attrs>, LambSparse);

}  // namespace
}  // namespace paddle
