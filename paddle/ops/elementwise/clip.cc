#include <algorithm>
#include <cmath>

#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sparse/merged_rows.h"

namespace paddle {
namespace {

struct ClipAttrs {
  float min = 0, max = 0;
  static auto Fields() {
    return std::tuple{
        Field{"min", &ClipAttrs::min, "The lower bound; the input Min goes before it.", Presence::kRequired},
        Field{"max", &ClipAttrs::max, "The upper bound; the input Max goes before it.", Presence::kRequired}};
  }
};

void CheckBounds(double low, double high) {
  Require(low <= high, "the lower bound is ", low, " and the upper bound ", high, "; expected min <= max");
}

void CheckBoundInputs(const ClipAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  for (const std::string_view slot : {"Min", "Max"}) {
    if (!context.Has(slot)) continue;
    context.CheckSameDType("X", slot);
    const Dims& dims = context.In(slot).dims;
    Require(SizesAgree(dims.numel(), 1), slot, " has shape ", dims, "; expected one element");
  }
  if (!context.Has("Min") && !context.Has("Max")) CheckBounds(attrs.min, attrs.max);
}

void Infer(const ClipAttrs& attrs, InferContext& context) {
  CheckBoundInputs(attrs, context);
  context.CopyMeta("X", "Out");
}

template <class T>
struct Bounds {
  T low, high;

  Bounds(const ClipAttrs& attrs, const Tensor* min, const Tensor* max)
      : low(min ? *min->data<T>() : static_cast<T>(attrs.min)),
        high(max ? *max->data<T>() : static_cast<T>(attrs.max)) {
    CheckBounds(low, high);
  }
};

void Dense(const CpuContext&, const ClipAttrs& attrs, const Tensor& x, const Tensor* min, const Tensor* max,
           Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const Bounds<T> b(attrs, min, max);
    math::Map([b](T v) { return math::Select(v < b.low, b.low, math::Select(v > b.high, b.high, v)); }, x.data<T>(),
              out.mutable_data<T>(), x.numel());
  });
}

// Rows that stand for parts of one row are added up first; rows that are not there stay so.
void Sparse(const CpuContext& cpu, const ClipAttrs& attrs, RowMerger& merger, const SelectedRows& x, const Tensor* min,
            const Tensor* max, SelectedRows& out) {
  merger.Merge(x);
  const auto count = static_cast<int64_t>(merger.rows().size());
  out.Allocate(count, cpu.allocator());
  out.rows = merger.rows();
  VisitFloat(x.value.dtype(), [&]<class T>() {
    const Bounds<T> b(attrs, min, max);
    const T* values = merger.value<T>(0);
    std::transform(values, values + count * merger.width(), out.value.mutable_data<T>(), [b](T v) {
      return v < b.low ? b.low : v > b.high ? b.high : v;
    });
  });
}

void InferGrad(const ClipAttrs& attrs, InferContext& context) {
  CheckBoundInputs(attrs, context);
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckSameDims("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

void Grad(const CpuContext&, const ClipAttrs& attrs, const Tensor* max, const Tensor* min, const Tensor& dout,
          const Tensor& x, Tensor* dx) {
  if (!dx) return;
  VisitFloat(x.dtype(), [&]<class T>() {
    const Bounds<T> b(attrs, min, max);
    math::Map([b](T v, T d) { return math::Select(v > b.low && v < b.high, d, T(0)); }, x.data<T>(), dout.data<T>(),
              dx->mutable_data<T>(), x.numel());
  });
}

const SlotSpec kMin{"Min", "The lower bound as a tensor of one element.", kOptional | kNoGradient};
const SlotSpec kMax{"Max", "The upper bound as a tensor of one element.", kOptional | kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ClipAttrs>({.name = "clip",
                           .doc = "Out = X where it lies between the bounds, else the bound that it passes. NaN stays.",
                           .inputs = {{"X", "Tensor of any shape, or sparse rows."}, kMin, kMax},
                           .outputs = {{"Out", "As X in shape, kind and LoD; sparse rows are added up by number."}},
                           .infer = Infer,
                           .may_share = {{"Out", "X"}}}),
    RegisterKernel("clip", Dense),
    RegisterKernel("clip", PrepareRows<ClipAttrs>, Sparse),
    RegisterOp<ClipAttrs>({.name = "clip_grad",
                           .doc = "X@GRAD = Out@GRAD where X lies between the bounds and not on them, else 0.",
                           .inputs = {kMax, kMin, {"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op."}},
                           .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                           .infer = InferGrad,
                           .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("clip_grad", Grad),
};

}  // namespace
}  // namespace paddle
