// sequence_concat on the GPU: one launch an input.
#include <type_traits>
#include <vector>

#include "paddle/math/cuda/launch.h"
#include "paddle/math/cuda/lod.h"
#include "paddle/math/visit_bits.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

// sums[s] += the first row of sequence s, or its length. Not in ForInputs: nvcc takes no device lambda where a type is
// a local one.
void AddBegins(const CudaContext& context, int64_t sequences, const int64_t* offsets, int64_t* sums) {
  cuda::ForEach(context, sequences, [=] __device__(int64_t s) { sums[s] += offsets[s]; });
}
void AddLengths(const CudaContext& context, int64_t sequences, const int64_t* offsets, int64_t* sums) {
  cuda::ForEach(context, sequences, [=] __device__(int64_t s) { sums[s] += offsets[s + 1] - offsets[s]; });
}

// Calls copy(i, offsets of X[i], next) for one input behind the other, where next[s] is the row of Out that its first
// row of sequence s is.
template <class F>
void ForInputs(const CudaContext& context, Span<const Tensor> x, F copy) {
  const int64_t sequences = x[0]->lod().last_sequences();
  const BufferPtr memory = context.allocator().Allocate(static_cast<size_t>(sequences) * sizeof(int64_t));
  auto* next = reinterpret_cast<int64_t*>(memory->data());
  context.SetZero(memory->data(), static_cast<size_t>(sequences) * sizeof(int64_t));
  std::vector<cuda::LodCopy<int64_t>> offsets;
  for (const Tensor* part : x)
    AddBegins(context, sequences, offsets.emplace_back(cuda::Offsets(context, part->lod())).data(), next);
  for (size_t i = 0; i < x.size(); ++i) {
    copy(i, offsets[i].data(), next);
    AddLengths(context, sequences, offsets[i].data(), next);
  }
}

// Copies the rows of a part to their places in the whole, or back.
template <class Bits, bool kBack>
struct CopyPart {
  const int64_t *offsets, *next;
  int64_t sequences, width;
  std::conditional_t<kBack, Bits, const Bits>* part;
  std::conditional_t<kBack, const Bits, Bits>* whole;

  __device__ void operator()(int64_t i) const {
    const int64_t row = i / width, s = cuda::SequenceOf(offsets, sequences, row);
    const int64_t at = (next[s] + row - offsets[s]) * width + i % width;
    if constexpr (kBack)
      part[i] = whole[at];
    else
      whole[at] = part[i];
  }
};

void Run(const CudaContext& context, const NoAttrs&, Span<const Tensor> x, Tensor& out) {
  const int64_t sequences = x[0]->lod().last_sequences(), width = RowSize(out.dims());
  VisitBits(out.dtype(), [&]<class Bits>() {
    auto* to = reinterpret_cast<Bits*>(out.mutable_raw());
    ForInputs(context, x, [&](size_t i, const int64_t* offsets, const int64_t* next) {
      cuda::ForEach(
          context, x[i]->numel(),
          CopyPart<Bits, false>{offsets, next, sequences, width, reinterpret_cast<const Bits*>(x[i]->raw()), to});
    });
  });
}

void RunGrad(const CudaContext& context, const NoAttrs&, const Tensor& d_out, Span<const Tensor> x, Span<Tensor> dx) {
  const int64_t sequences = x[0]->lod().last_sequences(), width = RowSize(d_out.dims());
  VisitBits(d_out.dtype(), [&]<class Bits>() {
    const auto* from = reinterpret_cast<const Bits*>(d_out.raw());
    ForInputs(context, x, [&](size_t i, const int64_t* offsets, const int64_t* next) {
      if (i >= dx.size() || !dx[i]) return;
      cuda::ForEach(
          context, dx[i]->numel(),
          CopyPart<Bits, true>{offsets, next, sequences, width, reinterpret_cast<Bits*>(dx[i]->mutable_raw()), from});
    });
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("sequence_concat", Run),
    RegisterKernel("sequence_concat_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
