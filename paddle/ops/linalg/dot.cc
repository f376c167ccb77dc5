#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

// The shape of Out: X's with a 1 for the last axis.
Dims CheckVectors(const InferContext& context) {
  context.CheckDType("X", kNumbers);
  context.CheckSameDType("X", "Y");
  context.CheckRank("X", 1, 2);
  context.CheckSameDims("X", "Y");
  Dims dims = context.In("X").dims;
  dims[dims.rank() - 1] = 1;
  return dims;
}

void Infer(const NoAttrs&, InferContext& context) {
  context.SetOut("Out", CheckVectors(context), context.In("X").dtype);
}

// Calls body(row, its first element) for every vector, on all threads.
template <class Body>
void ForEachVector(const Tensor& x, const Body& body) {
  const int64_t width = x.dim(x.rank() - 1), rows = x.rank() == 2 ? x.dim(0) : 1;
  ParallelFor(rows, std::max<int64_t>(1, 16 * 1024 / std::max<int64_t>(width, 1)), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) body(r, r * width);
  });
}

void Dot(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& y, Tensor& out) {
  const int64_t width = x.dim(x.rank() - 1);
  VisitNumber(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *py = y.data<T>();
    T* to = out.mutable_data<T>();
    ForEachVector(x, [=](int64_t r, int64_t at) {
      T sum = 0;
      for (int64_t i = at; i < at + width; ++i) sum += px[i] * py[i];
      to[r] = sum;
    });
  });
}

void InferGrad(const NoAttrs&, InferContext& context) {
  const Dims dims = CheckVectors(context);
  context.CheckSameDType("X", "Out@GRAD");
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected ", dims);
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}

void Grad(const CpuContext&, const NoAttrs&, const Tensor& dout, const Tensor& x, const Tensor& y, Tensor* dx,
          Tensor* dy) {
  const int64_t width = x.dim(x.rank() - 1);
  VisitNumber(x.dtype(), [&]<class T>() {
    const T* d = dout.data<T>();
    const auto scale = [&](const Tensor& other, Tensor* grad) {
      if (!grad) return;
      const T* from = other.data<T>();
      T* to = grad->mutable_data<T>();
      ForEachVector(x, [=](int64_t r, int64_t at) {
        for (int64_t i = at; i < at + width; ++i) to[i] = d[r] * from[i];
      });
    };
    scale(y, dx);
    scale(x, dy);
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "dot",
                         .doc = "Out = the inner products of the vectors of X and Y.",
                         .inputs = {{"X", "One vector [n], or a row each, [rows, n]."}, {"Y", "Tensor of X's shape."}},
                         .outputs = {{"Out", "[1], or [rows, 1]."}},
                         .infer = Infer}),
    RegisterKernel("dot", Dot),
    RegisterOp<NoAttrs>(
        {.name = "dot_grad",
         .doc = "X@GRAD = Out@GRAD Y, Y@GRAD = Out@GRAD X.",
         .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}, {"Y", "Input of the op."}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
         .infer = InferGrad}),
    RegisterKernel("dot_grad", Grad),
};

}  // namespace
}  // namespace paddle
