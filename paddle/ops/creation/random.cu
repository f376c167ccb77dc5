// Tensors of random numbers on the GPU: the same bits of Philox as on the CPU.
#include <vector>

#include "paddle/math/cuda/launch.h"
#include "paddle/ops/creation/random.h"

namespace paddle {
namespace {

template <class T>
struct UniformBlocks {
  math::Philox philox;
  T low, high;
  constexpr auto Block(uint64_t k) const { return math::UniformBlock<T>(philox, k); }
  constexpr T Value(T u) const {
    const T v = low + (high - low) * u;
    return math::Select(v < high, v, low);  // rounding may have reached `high`
  }
};

template <class T>
struct NormalBlocks {
  math::Philox philox;
  T mean, deviation;
  constexpr auto Block(uint64_t k) const { return math::NormalBlock<T>(philox, k); }
  constexpr T Value(T z) const { return mean + deviation * z; }
};

template <class T>
struct TruncatedBlocks {
  math::Philox philox;
  T mean, deviation;
  constexpr auto Block(uint64_t k) const { return math::UniformBlock<T>(philox, k); }
  constexpr T Value(T u) const { return mean + deviation * math::TruncatedNormal(u); }
};

// One thread a block of random numbers.
template <class T, class Blocks>
void FillFromBlocks(const CudaContext& context, T* y, int64_t n, Blocks blocks) {
  constexpr int kCount = math::kPerBlock<T>;
  cuda::ForEach(context, (n + kCount - 1) / kCount, [=] __device__(int64_t k) {
    const auto values = blocks.Block(static_cast<uint64_t>(k));
    for (int j = 0; j < kCount && k * kCount + j < n; ++j) y[k * kCount + j] = blocks.Value(values[j]);
  });
}

template <class Attrs>
void Gaussian(const CudaContext& context, const Attrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    FillFromBlocks(context, out.mutable_data<T>(), out.numel(),
                   NormalBlocks<T>{RandomStream(source, attrs.seed), attrs.mean, attrs.std});
  });
}

template <class T>
void FillDiagonal(const CudaContext& context, T* y, int64_t count, int64_t step, T value) {
  cuda::ForEach(context, count, [=] __device__(int64_t i) { y[i * step] = value; });
}

template <class Attrs>
void Uniform(const CudaContext& context, const Attrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    T* data = out.mutable_data<T>();
    FillFromBlocks(context, data, out.numel(),
                   UniformBlocks<T>{RandomStream(source, attrs.seed), attrs.min, attrs.max});
    FillDiagonal(context, data, attrs.diag_num, int64_t{attrs.diag_step} + 1, static_cast<T>(attrs.diag_val));
  });
}

template <class T>
void FillIntegers(const CudaContext& context, math::Philox philox, int64_t low, uint64_t range, T* y, int64_t n) {
  cuda::ForEach(context, n, [=] __device__(int64_t i) {
    const auto bits = philox(static_cast<uint64_t>(i));
    y[i] = static_cast<T>(low + static_cast<int64_t>(math::BelowBound(uint64_t{bits[1]} << 32 | bits[0], range)));
  });
}

void Randint(const CudaContext& context, const RandintAttrs& attrs, const RandomSource& source, Tensor& out) {
  const uint64_t range = static_cast<uint64_t>(int64_t{attrs.high} - attrs.low);
  VisitIndex(out.dtype(), [&]<class T>() {
    FillIntegers(context, RandomStream(source, attrs.seed), attrs.low, range, out.mutable_data<T>(), out.numel());
  });
}

template <class Attrs, void (*kKernel)(const CudaContext&, const Attrs&, const RandomSource&, Tensor&)>
void OfShape(const CudaContext& context, const Attrs& attrs, const RandomSource& source, const Tensor*,
             Span<const Tensor>, Tensor& out) {
  kKernel(context, attrs, source, out);
}
template <class Attrs, void (*kKernel)(const CudaContext&, const Attrs&, const RandomSource&, Tensor&)>
void OfInput(const CudaContext& context, const Attrs& attrs, const RandomSource& source, const Tensor&, Tensor& out) {
  kKernel(context, attrs, source, out);
}

void Truncated(const CudaContext& context, const TruncatedAttrs& attrs, const RandomSource& source, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    FillFromBlocks(context, out.mutable_data<T>(), out.numel(),
                   TruncatedBlocks<T>{RandomStream(source, attrs.seed), attrs.mean, attrs.std});
  });
}

// Each swap depends on those before it: made on the host.
void Randperm(const CudaContext& context, const RandpermAttrs& attrs, const RandomSource& source, Tensor& out) {
  VisitIndex(out.dtype(), [&]<class T>() {
    std::vector<T> numbers(static_cast<size_t>(attrs.n));
    Permute(RandomStream(source, attrs.seed), attrs.n, numbers.data());
    context.CopyFromHost(out.mutable_raw(), reinterpret_cast<const std::byte*>(numbers.data()), out.bytes());
  });
}

void Seed(const CudaContext& context, const SeedAttrs& attrs, const RandomSource& source, Tensor& out) {
  int32_t seed = attrs.seed;
  for (uint64_t block = 0; seed == 0; ++block) seed = static_cast<int32_t>(RandomStream(source, 0)(block)[0]);
  context.CopyFromHost(out.mutable_raw(), reinterpret_cast<const std::byte*>(&seed), sizeof(seed));
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("gaussian_random", OfShape<NormalAttrs, Gaussian<NormalAttrs>>),
    RegisterKernel("gaussian_random_batch_size_like", OfInput<NormalLikeAttrs, Gaussian<NormalLikeAttrs>>),
    RegisterKernel("uniform_random", OfShape<FlatAttrs, Uniform<FlatAttrs>>),
    RegisterKernel("uniform_random_batch_size_like", OfInput<FlatLikeAttrs, Uniform<FlatLikeAttrs>>),
    RegisterKernel("truncated_gaussian_random", Truncated),
    RegisterKernel("randint", OfShape<RandintAttrs, Randint>),
    RegisterKernel("randperm", Randperm),
    RegisterKernel("seed", Seed),
};

}  // namespace
}  // namespace paddle
