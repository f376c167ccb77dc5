// The smooth L1 loss of bounding boxes (Girshick, 2015).
#include <algorithm>
#include <cmath>

#include "paddle/device/task_size.h"
#include "paddle/math/for_each.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct SmoothL1LossAttrs {
  float sigma = 1;

  static auto Fields() {
    return std::tuple{
        Field{"sigma", &SmoothL1LossAttrs::sigma, "The loss is quadratic where |difference| < 1 / sigma^2."}};
  }
};

using Attrs = SmoothL1LossAttrs;

void CheckWeights(std::string_view like, InferContext& context) {
  for (const auto slot : {"InsideWeight", "OutsideWeight"}) {
    if (!context.Has(slot)) continue;
    context.CheckSameDims(like, slot);
    context.CheckSameDType(like, slot);
  }
}

Dims LossDims(const Dims& x) { return {x[0], 1}; }

void Infer(const Attrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, kMaxRank);
  context.CheckSameDType("X", "Y");
  context.CheckSameDims("X", "Y");
  CheckWeights("X", context);
  context.CopyMeta("X", "Diff");
  context.SetOut("Out", LossDims(context.In("X").dims), context.In("X").dtype);
  context.ShareLod("X", "Out");
}

template <class T>
const T* DataOf(const Tensor* tensor) {
  return tensor ? tensor->data<T>() : nullptr;
}

// Calls body(row, first element, past the last) for every row.
template <class Body>
void ForEachRow(const Tensor& x, const Body& body) {
  const int64_t rows = x.dim(0), width = x.dims().Product(1, x.rank());
  ForEachIndex(rows, std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(width, 1)),
               [&](int64_t row) { body(row, row * width, (row + 1) * width); });
}

void SmoothL1Loss(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor& y, const Tensor* inside,
                  const Tensor* outside, Tensor& diff, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *py = y.data<T>(), *in = DataOf<T>(inside), *outer = DataOf<T>(outside);
    const T sigma2 = static_cast<T>(attrs.sigma) * static_cast<T>(attrs.sigma);
    T *to = diff.mutable_data<T>(), *loss = out.mutable_data<T>();
    ForEachRow(x, [=](int64_t row, int64_t begin, int64_t end) {
      T sum = 0;
      for (int64_t i = begin; i < end; ++i) {
        const T d = (px[i] - py[i]) * (in ? in[i] : T(1)), size = std::abs(d);
        to[i] = d;
        sum += (size < 1 / sigma2 ? d * d * sigma2 / 2 : size - T(0.5) / sigma2) * (outer ? outer[i] : T(1));
      }
      loss[row] = sum;
    });
  });
}

void InferGrad(const Attrs&, InferContext& context) {
  context.CheckDType("Diff", kFloats);
  CheckWeights("Diff", context);
  context.CheckRank("Diff", 2, kMaxRank);
  CheckDims(context, "Out@GRAD", LossDims(context.In("Diff").dims));
  context.CheckSameDType("Diff", "Out@GRAD");
  for (const auto slot : {"X@GRAD", "Y@GRAD"})
    if (context.HasOut(slot)) context.CopyMeta("Diff", slot);
}

void SmoothL1LossGrad(const CpuContext&, const Attrs& attrs, const Tensor& diff, const Tensor* inside,
                      const Tensor* outside, const Tensor& d_out, Tensor* dx, Tensor* dy) {
  VisitFloat(diff.dtype(), [&]<class T>() {
    const T *from = diff.data<T>(), *d = d_out.data<T>(), *in = DataOf<T>(inside), *outer = DataOf<T>(outside);
    const T sigma2 = static_cast<T>(attrs.sigma) * static_cast<T>(attrs.sigma);
    T *to_x = dx ? dx->mutable_data<T>() : nullptr, *to_y = dy ? dy->mutable_data<T>() : nullptr;
    ForEachRow(diff, [=](int64_t row, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T slope = std::abs(from[i]) < 1 / sigma2 ? sigma2 * from[i] : T((from[i] > 0) - (from[i] < 0));
        const T grad = d[row] * slope * (in ? in[i] : T(1)) * (outer ? outer[i] : T(1));
        if (to_x) to_x[i] = grad;
        if (to_y) to_y[i] = -grad;
      }
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "smooth_l1_loss",
    .doc = "Smooth L1 loss, summed over each row: with d = InsideWeight (X - Y), Out = sum of OutsideWeight times "
           "sigma^2 d^2 / 2 where |d| < 1 / sigma^2, "
           "|d| - 0.5 / sigma^2 elsewhere. Girshick, \"Fast R-CNN\", 2015, arXiv:1504.08083.",
    .inputs = {{"X", "Predictions [N, ...] of rank 2 or more."},
               {"Y", "Targets of X's shape and type."},
               {"InsideWeight", "Factor of each difference, of X's shape; absent: 1.", kOptional | kNoGradient},
               {"OutsideWeight", "Factor of each element's loss, of X's shape; absent: 1.", kOptional | kNoGradient}},
    .outputs = {{"Diff", "InsideWeight (X - Y).", kIntermediate}, {"Out", "Loss of each row [N, 1], grouped as X."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("smooth_l1_loss", SmoothL1Loss);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "smooth_l1_loss_grad",
    .doc = "Gradient of smooth_l1_loss.",
    .inputs = {{"Diff", "As written by smooth_l1_loss."},
               {"InsideWeight", "As given to smooth_l1_loss.", kOptional | kNoGradient},
               {"OutsideWeight", "As given to smooth_l1_loss.", kOptional | kNoGradient},
               {"Out@GRAD", "Gradient of the loss."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("smooth_l1_loss_grad", SmoothL1LossGrad);

}  // namespace
}  // namespace paddle
