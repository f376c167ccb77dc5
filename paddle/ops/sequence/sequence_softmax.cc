// sequence_softmax: softmax over the rows of each sequence.
#include "paddle/ops/sequence/sequence_softmax.h"

#include <algorithm>
#include <cmath>

#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

constexpr int64_t kExpCost = 16;  // an exponential, in elements of a copy

void CheckRows(InferContext& context, std::string_view input) {
  const Dims& dims = context.In(input).dims;
  Require(dims.rank() >= 1, "input ", input, " has rank 0; expected [rows, 1]");
  const int64_t width = RowSize(dims);
  Require(width < 0 || width == 1, "input ", input, " has shape ", dims, "; expected one value a row: [rows, 1]");
}

void Infer(const SequenceSoftmaxAttrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  CheckRows(context, "X");
  if (!context.building()) RequireLod(context, "X");
  context.CopyMeta("X", "Out");
}

void InferGrad(const SequenceSoftmaxAttrs&, InferContext& context) {
  context.CheckDType("Out", kFloats);
  CheckRows(context, "Out");
  context.CheckSameDims("Out", "Out@GRAD");
  context.CheckSameDType("Out", "Out@GRAD");
  if (!context.building()) RequireLod(context, "X");
  context.CopyMeta("X", "X@GRAD");
}

void Run(const CpuContext&, const SequenceSoftmaxAttrs&, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = out.mutable_data<T>();
    ForSequences(x.lod(), kExpCost, [&](int64_t, int64_t begin, int64_t end) {
      if (begin == end) return;
      const T most = *std::max_element(from + begin, from + end);
      T sum = 0;
      for (int64_t i = begin; i < end; ++i) sum += to[i] = std::exp(from[i] - most);
      for (int64_t i = begin; i < end; ++i) to[i] /= sum;
    });
  });
}

void RunGrad(const CpuContext&, const SequenceSoftmaxAttrs&, const Tensor& out, const Tensor& d_out, const Tensor& x,
             Tensor* dx) {
  if (!dx) return;
  VisitFloat(out.dtype(), [&]<class T>() {
    const T *y = out.data<T>(), *dy = d_out.data<T>();
    T* to = dx->mutable_data<T>();
    ForSequences(x.lod(), kExpCost, [&](int64_t, int64_t begin, int64_t end) {
      T sum = 0;
      for (int64_t i = begin; i < end; ++i) sum += y[i] * dy[i];
      for (int64_t i = begin; i < end; ++i) to[i] = y[i] * (dy[i] - sum);
    });
  });
}

const Registered kOp = RegisterOp<SequenceSoftmaxAttrs>({
    .name = "sequence_softmax",
    .doc = "Softmax over the rows of each sequence: Out = exp(X) / sum of exp(X) over the sequence. For attention over "
           "words.",
    .inputs = {{"X", "LoDTensor [rows, 1] or [rows]; the last LoD level says which rows form a sequence."}},
    .outputs = {{"Out", "Of X's shape and LoD; the values of each sequence sum to one."}},
    .infer = Infer,
    .may_share = {{"Out", "X"}},
});
const Registered kCpu = RegisterKernel("sequence_softmax", Run);

const Registered kGradOp = RegisterOp<SequenceSoftmaxAttrs>({
    .name = "sequence_softmax_grad",
    .doc = "Gradient of sequence_softmax: X@GRAD = Out * (Out@GRAD - sum of Out * Out@GRAD over the sequence).",
    .inputs = {{"Out", "Of the forward op."}, {"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op.", kMetaOnly}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("sequence_softmax_grad", RunGrad);

}  // namespace
}  // namespace paddle
