#include "paddle/math/cuda/launch.h"
#include "paddle/math/random.h"
#include "paddle/op/registry.h"
#include "paddle/ops/random/dropout.h"

namespace paddle {
namespace {

using Attrs = DropoutAttrs;

template <class T>
void Infer(const CudaContext& context, const Attrs& attrs, const Tensor& x, Tensor* out, uint8_t* kept) {
  const T* from = x.data<T>();
  T* to = out->mutable_data<T>();
  const T scale = attrs.upscale() ? T(1) : 1 - static_cast<T>(attrs.dropout_prob);
  cuda::ForEach(context, x.numel(), [=] __device__(int64_t i) {
    to[i] = from[i] * scale;
    if (kept) kept[i] = 1;
  });
}

// One thread a block of four random numbers. `seed`, on the device, goes before `key`.
template <class T>
void Train(const CudaContext& context, const Attrs& attrs, RandomKey key, const int32_t* seed, const Tensor& x,
           Tensor* out, uint8_t* kept) {
  const T* from = x.data<T>();
  T* to = out->mutable_data<T>();
  const uint64_t threshold = DropThreshold(attrs);
  const T scale = KeptScale<T>(attrs);
  const int64_t n = x.numel();
  cuda::ForEach(context, (n + 3) / 4, [=] __device__(int64_t block) {
    const math::Philox stream =
        seed ? math::Philox(static_cast<uint64_t>(*seed), 0, 0) : math::Philox(key.seed, key.step, key.op);
    const auto bits = stream(static_cast<uint64_t>(block));
    for (int k = 0; k < 4 && block * 4 + k < n; ++k) {
      const int64_t i = block * 4 + k;
      const bool keep = bits[k] >= threshold;
      to[i] = keep ? from[i] * scale : T(0);
      if (kept) kept[i] = keep;
    }
  });
}

void Dropout(const CudaContext& context, const Attrs& attrs, const RandomSource& random, const Tensor& x,
             const Tensor* seed, Tensor& out, Tensor* mask) {
  uint8_t* kept = mask ? mask->mutable_data<uint8_t>() : nullptr;
  RandomKey key = random.run;
  if (attrs.fix_seed) key = {static_cast<uint64_t>(attrs.seed), 0, 0};
  VisitFloat(x.dtype(), [&]<class T>() {
    if (attrs.is_test)
      Infer<T>(context, attrs, x, &out, kept);
    else
      Train<T>(context, attrs, key, seed ? seed->data<int32_t>() : nullptr, x, &out, kept);
  });
}

template <class T>
void RunGrad(const CudaContext& context, const Attrs& attrs, const uint8_t* kept, const Tensor& d_out, Tensor* dx) {
  const T* d = d_out.data<T>();
  T* to = dx->mutable_data<T>();
  const T scale = KeptScale<T>(attrs);
  cuda::ForEach(context, d_out.numel(), [=] __device__(int64_t i) { to[i] = kept[i] ? d[i] * scale : T(0); });
}

void DropoutGrad(const CudaContext& context, const Attrs& attrs, const Tensor& mask, const Tensor& d_out, Tensor& dx) {
  VisitFloat(d_out.dtype(), [&]<class T>() { RunGrad<T>(context, attrs, mask.data<uint8_t>(), d_out, &dx); });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("dropout", Dropout),
    RegisterKernel("dropout_grad", DropoutGrad),
};

}  // namespace
}  // namespace paddle
