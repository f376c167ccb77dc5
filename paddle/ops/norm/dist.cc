#include "paddle/math/broadcast.h"
#include "paddle/op/registry.h"
#include "paddle/ops/norm/power_norm.h"

namespace paddle {
namespace {

struct DistAttrs {
  float p = 2;
  static auto Fields() { return std::tuple{Field{"p", &DistAttrs::p, "The norm: 0 or more, infinity or -infinity."}}; }
};

void CheckInputs(const DistAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Y");
  math::BroadcastDims(context.In("X").dims, context.In("Y").dims, -1);
  Require(IsPowerNorm(attrs.p), "p is ", attrs.p, "; expected 0 or more, or -infinity");
}

void Infer(const DistAttrs& attrs, InferContext& context) {
  CheckInputs(attrs, context);
  context.SetOut("Out", {1}, context.In("X").dtype);
}

// Calls f(i, j) for all pairs of elements of X and Y.
template <class F>
void ForEachPair(const Tensor& x, const Tensor& y, const F& f) {
  const math::Broadcast b = math::MakeBroadcast(x.dims(), y.dims(), -1);
  const int64_t x_step = b.x_stride[b.rank - 1], y_step = b.y_stride[b.rank - 1];
  math::WalkRows(b, 0, b.numel(), [&](int64_t, int64_t i, int64_t j, int64_t n) {
    for (int64_t k = 0; k < n; ++k) f(i + k * x_step, j + k * y_step);
  });
}

void Dist(const CpuContext&, const DistAttrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const PowerNorm<T> norm(attrs.p);
    const T *px = x.data<T>(), *py = y.data<T>();
    T sum = norm.Start();
    ForEachPair(x, y, [&](int64_t i, int64_t j) { sum = norm.Add(sum, px[i] - py[j]); });
    *out.mutable_data<T>() = norm.Finish(sum);
  });
}

void InferGrad(const DistAttrs& attrs, InferContext& context) {
  CheckInputs(attrs, context);
  for (const std::string_view slot : {"Out", "Out@GRAD"}) {
    context.CheckSameDType("X", slot);
    Require(SizesAgree(context.In(slot).numel(), 1), slot, " has shape ", context.In(slot).dims,
            "; expected one element");
  }
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}

void Grad(const CpuContext&, const DistAttrs& attrs, const Tensor& out, const Tensor& dout, const Tensor& x,
          const Tensor& y, Tensor* dx, Tensor* dy) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const PowerNorm<T> norm(attrs.p);
    const T *px = x.data<T>(), *py = y.data<T>(), length = *out.data<T>(), d = *dout.data<T>();
    T *pdx = dx ? dx->mutable_data<T>() : nullptr, *pdy = dy ? dy->mutable_data<T>() : nullptr;
    if (dx) std::fill_n(pdx, dx->numel(), T(0));
    if (dy) std::fill_n(pdy, dy->numel(), T(0));
    ForEachPair(x, y, [&](int64_t i, int64_t j) {
      const T slope = d * norm.Slope(px[i] - py[j], length);
      if (pdx) pdx[i] += slope;
      if (pdy) pdy[j] -= slope;
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<DistAttrs>({.name = "dist",
                           .doc = "Out = the p-norm of X - Y, over all elements, with broadcasting.",
                           .inputs = {{"X", "Tensor of any shape."}, {"Y", "Tensor whose shape fits X's."}},
                           .outputs = {{"Out", "The distance, of shape [1]."}},
                           .infer = Infer}),
    RegisterKernel("dist", Dist),
    RegisterOp<DistAttrs>(
        {.name = "dist_grad",
         .doc = "X@GRAD = Out@GRAD times the slope of the norm, Y@GRAD = -X@GRAD, summed over "
                "stretched axes; 0 where X = Y.",
         .inputs = {{"Out", "Output of the op."},
                    {"Out@GRAD", "Gradient of Out."},
                    {"X", "Input of the op."},
                    {"Y", "Input of the op."}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
         .infer = InferGrad}),
    RegisterKernel("dist_grad", Grad),
};

}  // namespace
}  // namespace paddle
