// A rectifier whose slope for negative values is learnt (He et al. 2015).

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct PreluAttrs {
  std::string mode = "all";
  static auto Fields() {
    return std::tuple{Field{"mode", &PreluAttrs::mode,
                            "What has a slope of its own: \"all\" (nothing: there is one), \"channel\" (each index of "
                            "axis 1), \"element\" (each position in a sample)."}};
  }
};

// X seen as [outer, slopes, inner], where all elements of one middle index share a slope.
struct View {
  int64_t outer = 1, slopes = 1, inner = 1;

  View(const PreluAttrs& attrs, const Dims& x) {
    if (attrs.mode == "all") {
      inner = x.numel();
    } else if (attrs.mode == "channel") {
      outer = x[0];
      slopes = x[1];
      inner = x.Product(2, x.rank());
    } else {
      outer = x[0];
      slopes = x.Product(1, x.rank());
    }
  }
};

void CheckInputs(const PreluAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Alpha");
  const Dims &x = context.In("X").dims, &alpha = context.In("Alpha").dims;
  const bool channel = attrs.mode == "channel", element = attrs.mode == "element";
  Require(channel || element || attrs.mode == "all", "mode is \"", attrs.mode,
          "\"; expected \"all\", \"channel\" or \"element\"");
  if (channel) context.CheckRank("X", 2, kMaxRank);
  if (element) {
    context.CheckRank("X", 1, kMaxRank);
    Require(alpha.rank() == x.rank(), "mode \"element\" needs an Alpha of X's rank; X has shape ", x, ", Alpha ",
            alpha);
  }
  const int64_t slopes = View(attrs, x).slopes;
  Require(SizesAgree(alpha.numel(), slopes), "Alpha has shape ", alpha, "; mode \"", attrs.mode, "\" over X of shape ",
          x, " takes ", slopes, " slopes");
}

void Infer(const PreluAttrs& attrs, InferContext& context) {
  CheckInputs(attrs, context);
  context.CopyMeta("X", "Out");
}

// Calls body(slope, begin, n) for runs of elements with the same slope, on all threads.
template <class Body>
void ForEachRun(const View& view, const Body& body) {
  const int64_t runs = view.outer * view.slopes;
  if (runs == 1) {  // one slope for all
    ParallelFor(view.inner, 32 * 1024, [&](int64_t begin, int64_t end) { body(0, begin, end - begin); });
    return;
  }
  ParallelFor(runs, std::max<int64_t>(1, 16 * 1024 / std::max<int64_t>(view.inner, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t run = begin; run < end; ++run) body(run % view.slopes, run * view.inner, view.inner);
              });
}

void Prelu(const CpuContext&, const PreluAttrs& attrs, const Tensor& x, const Tensor& alpha, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *slopes = alpha.data<T>();
    T* pout = out.mutable_data<T>();
    ForEachRun(View(attrs, x.dims()), [=](int64_t k, int64_t begin, int64_t n) {
      const T slope = slopes[k];
      for (int64_t i = begin; i < begin + n; ++i) pout[i] = px[i] > T(0) ? px[i] : slope * px[i];
    });
  });
}

void InferGrad(const PreluAttrs& attrs, InferContext& context) {
  CheckInputs(attrs, context);
  context.CheckSameDims("X", "Out@GRAD");
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("Alpha", "Alpha@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

// Threads share slopes, not samples: the order of each sum is fixed.
template <class T>
void AlphaGrad(const View& view, const T* x, const T* dout, T* dalpha) {
  const int64_t each = std::max<int64_t>(view.outer * view.inner, 1);
  ParallelFor(view.slopes, std::max<int64_t>(1, 16 * 1024 / each), [=](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      double sum = 0;
      for (int64_t o = 0; o < view.outer; ++o) {
        const int64_t at = (o * view.slopes + k) * view.inner;
        for (int64_t i = at; i < at + view.inner; ++i) sum += x[i] > T(0) ? T(0) : x[i] * dout[i];
      }
      dalpha[k] = static_cast<T>(sum);
    }
  });
}

// X@GRAD may be Out@GRAD's memory, so it is written last.
void Grad(const CpuContext&, const PreluAttrs& attrs, const Tensor& alpha, const Tensor& dout, const Tensor& x,
          Tensor* dalpha, Tensor* dx) {
  const View view(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *d = dout.data<T>(), *slopes = alpha.data<T>();
    if (dalpha) AlphaGrad(view, px, d, dalpha->mutable_data<T>());
    if (!dx) return;
    T* pdx = dx->mutable_data<T>();
    ForEachRun(view, [=](int64_t k, int64_t begin, int64_t n) {
      const T slope = slopes[k];
      for (int64_t i = begin; i < begin + n; ++i) pdx[i] = px[i] > T(0) ? d[i] : slope * d[i];
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<PreluAttrs>({.name = "prelu",
                            .doc = "Out = X where X > 0, else Alpha X (He et al. 2015).",
                            .inputs = {{"X", "Tensor [batch, channels, ...]."},
                                       {"Alpha", "The slopes: one; one a channel; or one a position, of X's rank."}},
                            .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                            .infer = Infer,
                            .may_share = {{"Out", "X"}}}),
    RegisterKernel("prelu", Prelu),
    RegisterOp<PreluAttrs>(
        {.name = "prelu_grad",
         .doc = "X@GRAD = Out@GRAD where X > 0, else Alpha Out@GRAD; Alpha@GRAD = the sum of X Out@GRAD where X <= 0.",
         .inputs = {{"Alpha", "Input of the op."}, {"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}},
         .outputs = {{"Alpha@GRAD", "Gradient of Alpha.", kOptional}, {"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferGrad,
         .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("prelu_grad", Grad),
};

}  // namespace
}  // namespace paddle
