#include "paddle/math/map.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct LabelSmoothAttrs {
  float epsilon = 0;
  static auto Fields() {
    return std::tuple{Field{"epsilon", &LabelSmoothAttrs::epsilon, "The weight of the prior distribution."}};
  }
};

void Infer(const LabelSmoothAttrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 1, kMaxRank);
  if (context.Has("PriorDist")) {
    context.CheckSameDType("X", "PriorDist");
    const Dims &x = context.In("X").dims, &prior = context.In("PriorDist").dims;
    Require(SizesAgree(prior.numel(), x[x.rank() - 1]), "PriorDist has shape ", prior, "; expected ", x[x.rank() - 1],
            " numbers, one a class of X, whose shape is ", x);
  }
  context.CopyMeta("X", "Out");
}

void Smooth(const CpuContext&, const LabelSmoothAttrs& attrs, const Tensor& x, const Tensor* prior, Tensor& out) {
  const int64_t classes = x.dim(x.rank() - 1), rows = classes ? x.numel() / classes : 0;
  VisitFloat(x.dtype(), [&]<class T>() {
    const T epsilon = attrs.epsilon, keep = T(1) - epsilon;
    if (!prior) {
      const T share = epsilon / static_cast<T>(classes ? classes : 1);
      return math::Map([=](T v) { return keep * v + share; }, x.data<T>(), out.mutable_data<T>(), x.numel());
    }
    const T *px = x.data<T>(), *p = prior->data<T>();
    T* pout = out.mutable_data<T>();
    ParallelFor(rows, std::max<int64_t>(1, math::kCheapGrain / std::max<int64_t>(classes, 1)),
                [=](int64_t begin, int64_t end) {
                  for (int64_t r = begin; r < end; ++r)
                    math::MapSerial([=](T v, T q) { return keep * v + epsilon * q; }, px + r * classes, p,
                                    pout + r * classes, classes);
                });
  });
}

void InferGrad(const LabelSmoothAttrs&, InferContext& context) {
  context.CheckDType("Out@GRAD", kFloats);
  context.CopyMeta("Out@GRAD", "X@GRAD");
}

void Grad(const CpuContext&, const LabelSmoothAttrs& attrs, const Tensor& dout, Tensor* dx) {
  if (!dx) return;
  VisitFloat(dout.dtype(), [&]<class T>() {
    const T keep = T(1) - static_cast<T>(attrs.epsilon);
    math::Map([keep](T d) { return keep * d; }, dout.data<T>(), dx->mutable_data<T>(), dout.numel());
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<LabelSmoothAttrs>(
        {.name = "label_smooth",
         .doc = "Out = (1 - epsilon) X + epsilon PriorDist (Szegedy et al. 2015); without PriorDist all classes are "
                "equally likely.",
         .inputs = {{"X", "Labels as distributions, [..., classes]."},
                    {"PriorDist", "The prior distribution, one number a class.", kOptional | kNoGradient}},
         .outputs = {{"Out", "Tensor of X's shape and LoD."}},
         .infer = Infer,
         .may_share = {{"Out", "X"}}}),
    RegisterKernel("label_smooth", Smooth),
    RegisterOp<LabelSmoothAttrs>({.name = "label_smooth_grad",
                                  .doc = "X@GRAD = (1 - epsilon) Out@GRAD.",
                                  .inputs = {{"Out@GRAD", "Gradient of Out."}},
                                  .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                                  .infer = InferGrad,
                                  .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("label_smooth_grad", Grad),
};

}  // namespace
}  // namespace paddle
