// Dropout (Srivastava et al., 2014).
#include "paddle/ops/random/dropout.h"

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/math/bfloat16.h"
#include "paddle/math/random.h"
#include "paddle/op/float_types.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 4096;  // about 10 us

using Attrs = DropoutAttrs;

void Check(const Attrs& attrs) {
  Require(attrs.dropout_prob >= 0 && attrs.dropout_prob <= 1, "dropout_prob is ", attrs.dropout_prob,
          "; expected 0 <= dropout_prob <= 1");
  Require(attrs.upscale() || attrs.dropout_implementation == "downgrade_in_infer", "dropout_implementation is '",
          attrs.dropout_implementation, "'; expected downgrade_in_infer or upscale_in_train");
}

void Infer(const Attrs& attrs, InferContext& context) {
  Check(attrs);
  context.CheckDType("X", kMixedFloats);
  context.CheckDType("Seed", {DType::kInt32});
  if (context.Has("Seed"))
    Require(SizesAgree(context.In("Seed").numel(), 1), "Seed has shape ", context.In("Seed").dims,
            "; expected one number");
  context.CopyMeta("X", "Out");
  context.SetOut("Mask", context.In("X").dims, DType::kUInt8);
}

math::Philox StreamOf(const Attrs& attrs, const RandomSource& random, const Tensor* seed) {
  RandomKey key = random.run;
  if (seed)
    key = {static_cast<uint64_t>(*seed->data<int32_t>()), 0, 0};
  else if (attrs.fix_seed)
    key = {static_cast<uint64_t>(attrs.seed), 0, 0};
  return math::Philox(key.seed, key.step, key.op);
}

void Dropout(const CpuContext&, const Attrs& attrs, const RandomSource& random, const Tensor& x, const Tensor* seed,
             Tensor& out, Tensor* mask) {
  uint8_t* kept = mask ? mask->mutable_data<uint8_t>() : nullptr;
  VisitMixedFloat(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = out.mutable_data<T>();
    if (attrs.is_test) {
      const auto scale = KeptScale<Computed<T>>(attrs);
      ParallelFor(x.numel(), 4 * kElementsPerTask, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) to[i] = Kept<T>(from[i] * scale);
        if (kept) std::fill(kept + begin, kept + end, uint8_t{1});
      });
      return;
    }
    const math::Philox stream = StreamOf(attrs, random, seed);
    const uint64_t threshold = DropThreshold(attrs);
    const auto scale = KeptScale<Computed<T>>(attrs);
    ParallelFor(x.numel(), kElementsPerTask, [&](int64_t begin, int64_t end) {
      math::ForEachRandom(stream, begin, end, [&](int64_t i, uint32_t bits) {
        const bool keep = bits >= threshold;
        to[i] = keep ? Kept<T>(from[i] * scale) : T();
        if (kept) kept[i] = keep;
      });
    });
  });
}

void DropoutGrad(const CpuContext&, const Attrs& attrs, const Tensor& mask, const Tensor& d_out, Tensor& dx) {
  const uint8_t* kept = mask.data<uint8_t>();
  VisitMixedFloat(d_out.dtype(), [&]<class T>() {
    const T* d = d_out.data<T>();
    T* to = dx.mutable_data<T>();
    const auto scale = KeptScale<Computed<T>>(attrs);
    ParallelFor(d_out.numel(), 4 * kElementsPerTask, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = kept[i] ? Kept<T>(d[i] * scale) : T();
    });
  });
}

void InferGrad(const Attrs& attrs, InferContext& context) {
  Check(attrs);
  context.CheckDType("Mask", {DType::kUInt8});
  context.CheckSameDims("Mask", "Out@GRAD");
  context.CopyMeta("Out@GRAD", "X@GRAD");
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "dropout",
    .doc = "Sets elements to zero at random, each with probability dropout_prob. Srivastava et al., \"Dropout\", JMLR "
           "15, 2014.",
    .inputs = {{"X", "Tensor of any shape."},
               {"Seed", "One int32: the seed of every run, instead of the attributes.", kOptional | kNoGradient}},
    .outputs = {{"Out", "Tensor of X's shape, grouped as X."},
                {"Mask", "uint8 of X's shape: 1 where the element was kept.", kIntermediate | kOptional}},
    .infer = Infer,
    .may_share = {{"Out", "X"}},
    .traits = kRandom,
});
const Registered kCpu = RegisterKernel("dropout", Dropout);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "dropout_grad",
    .doc = "Gradient of dropout: X@GRAD = Out@GRAD where the element was kept, scaled as Out was, and zero elsewhere.",
    .inputs = {{"Mask", "As written by dropout."}, {"Out@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("dropout_grad", DropoutGrad);

}  // namespace
}  // namespace paddle
