// The largest of each group of channels (Goodfellow et al. 2013).

#include "paddle/math/axis_view.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct MaxoutAttrs {
  int32_t groups = 0;
  int32_t axis = 1;
  static auto Fields() {
    return std::tuple{
        Field{"groups", &MaxoutAttrs::groups, "How many neighbouring channels give one.", Presence::kRequired},
        Field{"axis", &MaxoutAttrs::axis, "The axis of the channels; negative ones count from the last."}};
  }
};

Dims OutDims(const MaxoutAttrs& attrs, const Dims& x) {
  const int axis = NormalizeAxis(attrs.axis, x.rank());
  Require(attrs.groups >= 1, "groups is ", attrs.groups, "; expected 1 or more");
  Require(x[axis] < 0 || x[axis] % attrs.groups == 0, "X of shape ", x, " has ", x[axis], " channels on axis ", axis,
          ", which ", attrs.groups, " groups do not divide");
  Dims dims = x;
  if (x[axis] >= 0) dims[axis] = x[axis] / attrs.groups;
  return dims;
}

void Infer(const MaxoutAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.SetOut("Out", OutDims(attrs, context.In("X").dims), context.In("X").dtype);
}

// X seen as [outer, channels of Out, groups, inner]: its lines along `groups` are those that give one element.
AxisView Groups(const MaxoutAttrs& attrs, const Dims& x) {
  const int axis = NormalizeAxis(attrs.axis, x.rank());
  return {Dims{x.Product(0, axis), x[axis] / attrs.groups, attrs.groups, x.Product(axis + 1, x.rank())}, 2};
}

template <class T>
int64_t Largest(const T* x, int64_t size, int64_t step) {
  int64_t best = 0;
  for (int64_t i = 1; i < size; ++i)
    if (x[i * step] > x[best * step]) best = i;
  return best;
}

void Maxout(const CpuContext&, const MaxoutAttrs& attrs, const Tensor& x, Tensor& out) {
  const AxisView view = Groups(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T* px = x.data<T>();
    T* pout = out.mutable_data<T>();
    ForEachLine(view, 16 * 1024, [=](int64_t line, int64_t at) {
      pout[line] = px[at + Largest(px + at, view.size, view.inner) * view.inner];
    });
  });
}

void InferGrad(const MaxoutAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  const Dims dims = OutDims(attrs, context.In("X").dims);
  context.CheckSameDType("X", "Out@GRAD");
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected ", dims);
  context.CopyMeta("X", "X@GRAD");
}

void Grad(const CpuContext&, const MaxoutAttrs& attrs, const Tensor*, const Tensor& dout, const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const AxisView view = Groups(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *d = dout.data<T>();
    T* pdx = dx->mutable_data<T>();
    ForEachLine(view, 16 * 1024, [=](int64_t line, int64_t at) {
      const int64_t best = Largest(px + at, view.size, view.inner);
      for (int64_t i = 0; i < view.size; ++i) pdx[at + i * view.inner] = i == best ? d[line] : T(0);
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<MaxoutAttrs>(
        {.name = "maxout",
         .doc = "Out = the largest of each `groups` neighbouring channels, at every position (Goodfellow et al. 2013).",
         .inputs = {{"X", "Tensor with its channels on `axis`."}},
         .outputs = {{"Out", "X's shape with `groups` times fewer channels."}},
         .infer = Infer}),
    RegisterKernel("maxout", Maxout),
    RegisterOp<MaxoutAttrs>(
        {.name = "maxout_grad",
         .doc = "X@GRAD = Out@GRAD at the first largest channel of each group, 0 elsewhere.",
         .inputs = {{"Out", "Output of the op.", kUnread}, {"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferGrad}),
    RegisterKernel("maxout_grad", Grad),
};

}  // namespace
}  // namespace paddle
