// Cross entropy of probabilities: cross_entropy, and cross_entropy2 for class labels only.
#include "paddle/ops/loss/cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "paddle/device/parallel.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/loss/label.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 2048;  // about 10 us of logarithms

// X is [..., classes]; Label [..., 1] or [...] of classes, or of X's shape when it is soft. Returns the dims of the
// loss.
Dims LossDims(bool soft, const Dims& x, InferContext& context) {
  const Dims& label = context.In("Label").dims;
  const Dims rows = x.Slice(0, x.rank() - 1);
  Dims column = rows;
  column.Append(1);
  if (soft) {
    context.CheckSameDType("X", "Label");
    context.CheckSameDims("X", "Label");
    return column;
  }
  context.CheckDType("Label", kIndices);
  const bool has_column = label.rank() == x.rank();
  Require(DimsAgree(label, has_column ? column : rows), "Label of shape ", label, " does not fit X ", x, "; expected ",
          column, " or ", rows);
  return has_column ? column : rows;
}

Dims InferLoss(bool soft, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 2, kMaxRank);
  return LossDims(soft, context.In("X").dims, context);
}

void InferCrossEntropy(const CrossEntropyAttrs& attrs, InferContext& context) {
  context.SetOut("Y", InferLoss(attrs.soft_label, context), context.In("X").dtype);
  context.ShareLod("X", "Y");
}

void InferCrossEntropyGrad(const CrossEntropyAttrs& attrs, InferContext& context) {
  const Dims loss = InferLoss(attrs.soft_label, context);
  CheckDims(context, "Y@GRAD", loss);
  context.CheckSameDType("X", "Y@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

// Calls body(row) for every row of `classes` elements.
template <class Body>
void ForEachRow(const Tensor& x, const Body& body) {
  const int64_t classes = x.dim(x.rank() - 1), rows = x.dims().Product(0, x.rank() - 1);
  ParallelFor(rows, std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(classes, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; ++row) body(row);
              });
}

// Loss of class labels; `match` gets the probability of each label where it is wanted.
template <class T, class Label>
void HardLoss(const Tensor& x, const Label* label, int64_t ignore_index, T* loss, T* match) {
  const int64_t classes = x.dim(x.rank() - 1), rows = x.dims().Product(0, x.rank() - 1);
  const T* p = x.data<T>();
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t k = ClassOf(label[row], classes, ignore_index, row);
    loss[row] = k < 0 ? T(0) : NegativeLog(p[row * classes + k]);
    if (match) match[row] = k < 0 ? T(0) : p[row * classes + k];
  }
}

template <class T>
void SoftLoss(const Tensor& x, const T* label, T* loss) {
  const int64_t classes = x.dim(x.rank() - 1);
  const T* p = x.data<T>();
  ForEachRow(x, [&](int64_t row) {
    T sum = 0;
    for (int64_t i = row * classes; i < (row + 1) * classes; ++i) sum += label[i] * NegativeLog(p[i]);
    loss[row] = sum;
  });
}

void CrossEntropy(const CpuContext&, const CrossEntropyAttrs& attrs, const Tensor& x, const Tensor& label, Tensor& y) {
  VisitFloat(x.dtype(), [&]<class T>() {
    if (attrs.soft_label) return SoftLoss(x, label.data<T>(), y.mutable_data<T>());
    VisitIndex(label.dtype(),
               [&]<class L>() { HardLoss<T>(x, label.data<L>(), attrs.ignore_index, y.mutable_data<T>(), nullptr); });
  });
}

// dX is zero but at the label's class, where it is -dY / p.
template <class T, class Label, class Probability>
void HardGrad(const Tensor& dx_like, const Label* label, int64_t ignore_index, const T* dy, const Probability& p,
              T* dx) {
  const int64_t classes = dx_like.dim(dx_like.rank() - 1);
  ForEachRow(dx_like, [&](int64_t row) {
    std::fill_n(dx + row * classes, classes, T(0));
    const int64_t k = ClassOf(label[row], classes, ignore_index, row);
    if (k >= 0) dx[row * classes + k] = -dy[row] / p(row, k);
  });
}

void CrossEntropyGrad(const CpuContext&, const CrossEntropyAttrs& attrs, const Tensor& x, const Tensor& label,
                      const Tensor& dy, Tensor& dx) {
  const int64_t classes = x.dim(x.rank() - 1);
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *p = x.data<T>(), *d = dy.data<T>();
    T* out = dx.mutable_data<T>();
    if (!attrs.soft_label)
      return VisitIndex(label.dtype(), [&]<class L>() {
        HardGrad<T>(
            dx, label.data<L>(), attrs.ignore_index, d, [&](int64_t row, int64_t k) { return p[row * classes + k]; },
            out);
      });
    const T* q = label.data<T>();
    ForEachRow(x, [&](int64_t row) {
      for (int64_t i = row * classes; i < (row + 1) * classes; ++i) out[i] = -d[row] * q[i] / p[i];
    });
  });
}

// ---- cross_entropy2 ----

void InferCrossEntropy2(const CrossEntropy2Attrs&, InferContext& context) {
  const DType dtype = context.In("X").dtype;
  context.SetOut("Y", InferLoss(false, context), dtype);
  context.ShareLod("X", "Y");
  Dims shape = context.In("X").dims;
  Dims match = shape;
  match[match.rank() - 1] = 1;
  context.SetOut("MatchX", match, dtype);
  shape.Append(0);
  context.SetOut("XShape", shape, dtype);
  context.ShareLod("X", "XShape");
}

void CrossEntropy2(const CpuContext&, const CrossEntropy2Attrs& attrs, const Tensor& x, const Tensor& label, Tensor& y,
                   Tensor*, Tensor& match) {
  VisitFloat(x.dtype(), [&]<class T>() {
    VisitIndex(label.dtype(), [&]<class L>() {
      HardLoss<T>(x, label.data<L>(), attrs.ignore_index, y.mutable_data<T>(), match.mutable_data<T>());
    });
  });
}

void GradCrossEntropy2(const CrossEntropy2Attrs&, GradContext& g) { g.EmitDefault("cross_entropy_grad2"); }

void InferCrossEntropyGrad2(const CrossEntropy2Attrs&, InferContext& context) {
  const TensorMeta& shape = context.In("XShape");
  context.CheckRank("XShape", 3, kMaxRank);
  const Dims x = shape.dims.Slice(0, shape.rank() - 1);
  CheckDims(context, "Y@GRAD", LossDims(false, x, context));
  Dims match = x;
  match[match.rank() - 1] = 1;
  CheckDims(context, "MatchX", match);
  context.CheckDType("Y@GRAD", kFloats);
  context.CheckSameDType("Y@GRAD", "MatchX");
  context.SetOut("X@GRAD", x, context.In("Y@GRAD").dtype);
  context.ShareLod("XShape", "X@GRAD");
}

void CrossEntropyGrad2(const CpuContext&, const CrossEntropy2Attrs& attrs, const Tensor& label, const Tensor& match,
                       const Tensor&, const Tensor& dy, Tensor& dx) {
  VisitFloat(dx.dtype(), [&]<class T>() {
    const T* p = match.data<T>();
    VisitIndex(label.dtype(), [&]<class L>() {
      HardGrad<T>(
          dx, label.data<L>(), attrs.ignore_index, dy.data<T>(), [&](int64_t row, int64_t) { return p[row]; },
          dx.mutable_data<T>());
    });
  });
}

const Registered kOp = RegisterOp<CrossEntropyAttrs>({
    .name = "cross_entropy",
    .doc = "Cross entropy of probabilities: Y = -log(X[Label]) for class labels, -sum(Label log(X)) for soft ones. The "
           "logarithm of 0 counts as -1e20.",
    .inputs = {{"X", "Probabilities [..., classes], as softmax gives them."},
               {"Label",
                "Classes [..., 1] or [...], int64 or int32; with soft_label distributions of X's shape and type.",
                kNoGradient}},
    .outputs = {{"Y", "Loss [..., 1] ([...] for labels without the last dimension), grouped as X."}},
    .infer = InferCrossEntropy,
});
const Registered kCpu = RegisterKernel("cross_entropy", CrossEntropy);
const Registered kGradOp = RegisterOp<CrossEntropyAttrs>({
    .name = "cross_entropy_grad",
    .doc = "Gradient of cross_entropy: X@GRAD = -Y@GRAD / X at the label's class, -Y@GRAD Label / X for soft labels.",
    .inputs = {{"X", "As given to cross_entropy."},
               {"Label", "As given to cross_entropy.", kNoGradient},
               {"Y@GRAD", "Gradient of the loss."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferCrossEntropyGrad,
});
const Registered kGradCpu = RegisterKernel("cross_entropy_grad", CrossEntropyGrad);

const Registered kOp2 = RegisterOp<CrossEntropy2Attrs>({
    .name = "cross_entropy2",
    .doc = "Cross entropy of probabilities with class labels, whose gradient does not read X: Y = -log(X[Label]).",
    .inputs = {{"X", "Probabilities [..., classes], as softmax gives them."},
               {"Label", "Classes [..., 1] or [...], int64 or int32.", kNoGradient}},
    .outputs = {{"Y", "Loss [..., 1] ([...] for labels without the last dimension), grouped as X."},
                {"XShape", "Empty tensor whose shape [..., classes, 0] keeps that of X.", kOptional},
                {"MatchX", "Probability [..., 1] of each label; 0 where it is ignored."}},
    .infer = InferCrossEntropy2,
    .grad = GradCrossEntropy2,
});
const Registered kCpu2 = RegisterKernel("cross_entropy2", CrossEntropy2);
const Registered kGradOp2 = RegisterOp<CrossEntropy2Attrs>({
    .name = "cross_entropy_grad2",
    .doc = "Gradient of cross_entropy2: X@GRAD = -Y@GRAD / MatchX at the label's class.",
    .inputs = {{"Label", "As given to cross_entropy2.", kNoGradient},
               {"MatchX", "As written by cross_entropy2."},
               {"XShape", "As written by cross_entropy2.", kMetaOnly},
               {"Y@GRAD", "Gradient of the loss."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferCrossEntropyGrad2,
});
const Registered kGradCpu2 = RegisterKernel("cross_entropy_grad2", CrossEntropyGrad2);

}  // namespace
}  // namespace paddle
