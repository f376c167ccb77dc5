// sequence_expand and sequence_expand_as on the GPU.
#include "paddle/math/cuda/launch.h"
#include "paddle/math/cuda/lod.h"
#include "paddle/math/visit_bits.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"
#include "paddle/ops/sequence/sequence_expand.h"

namespace paddle {
namespace {

// Pieces for kernels. Repetition t, of all pieces' one behind the other, is the rows [out[t], out[t + 1]) of Out.
struct PieceOffsets {
  const int64_t* x = nullptr;  // as Pieces::x, null where each row is a piece, and so each repetition a row of Out
  const int64_t* y = nullptr;  // as Pieces::y
  const int64_t* out = nullptr;
  int64_t pieces = 0, repetitions = 0;

  // The row of X that a row of Out is.
  constexpr int64_t Source(int64_t row) const {
    const int64_t t = x ? cuda::SequenceOf(out, repetitions, row) : row;
    const int64_t piece = cuda::SequenceOf(y, pieces, t);
    return x ? x[piece] + row - out[t] : piece;
  }
};

// The sum of one element over its repetitions.
template <class T>
struct SumRepetitions {
  PieceOffsets at;
  int64_t width;
  const T* d_out;
  T* dx;

  __device__ void operator()(int64_t i) const {
    const int64_t row = i / width, piece = at.x ? cuda::SequenceOf(at.x, at.pieces, row) : row;
    const int64_t first = at.x ? at.out[at.y[piece]] + row - at.x[piece] : at.y[piece];
    const int64_t rows = at.x ? at.x[piece + 1] - at.x[piece] : 1, repeats = at.y[piece + 1] - at.y[piece];
    T sum = 0;
    for (int64_t k = 0; k < repeats; ++k) sum += d_out[(first + k * rows) * width + i % width];
    dx[i] = sum;
  }
};

// Calls f(PieceOffsets) for X and Y of these LoDs.
template <class Attrs, class F>
void WithOffsets(const CudaContext& context, const Attrs& attrs, const Lod& x, const Lod& y, F f) {
  const Pieces pieces = PiecesOf(attrs, x, y);
  const auto y_copy = cuda::Offsets(context, y, RefLevel(attrs, y));
  PieceOffsets at{.y = y_copy.data(), .pieces = pieces.count(), .repetitions = pieces.y.back()};
  if (pieces.x.empty()) return f(at);
  const auto x_copy = cuda::Offsets(context, x), out_copy = cuda::Offsets(context, OutLod(attrs, pieces, y));
  at.x = x_copy.data();
  at.out = out_copy.data();
  f(at);
}

template <class Bits>
void Repeat(const CudaContext& context, const PieceOffsets& at, int64_t width, const Tensor& x, Tensor* out) {
  const auto* from = reinterpret_cast<const Bits*>(x.raw());
  auto* to = reinterpret_cast<Bits*>(out->mutable_raw());
  cuda::ForEach(context, out->numel(),
                [=] __device__(int64_t i) { to[i] = from[at.Source(i / width) * width + i % width]; });
}

template <class Attrs>
void Run(const CudaContext& context, const Attrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  WithOffsets(context, attrs, x.lod(), y.lod(), [&](const PieceOffsets& at) {
    VisitBits(x.dtype(), [&]<class Bits>() { Repeat<Bits>(context, at, RowSize(x.dims()), x, &out); });
  });
}

template <class Attrs>
void RunGrad(const CudaContext& context, const Attrs& attrs, const Tensor& d_out, const Tensor& x, const Tensor& y,
             Tensor* dx) {
  if (!dx) return;
  WithOffsets(context, attrs, x.lod(), y.lod(), [&](const PieceOffsets& at) {
    VisitNumber(d_out.dtype(), [&]<class T>() {
      cuda::ForEach(context, dx->numel(),
                    SumRepetitions<T>{at, RowSize(x.dims()), d_out.data<T>(), dx->mutable_data<T>()});
    });
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("sequence_expand", Run<SequenceExpandAttrs>),
    RegisterKernel("sequence_expand_grad", RunGrad<SequenceExpandAttrs>),
    RegisterKernel("sequence_expand_as", Run<NoAttrs>),
    RegisterKernel("sequence_expand_as_grad", RunGrad<NoAttrs>),
};

}  // namespace
}  // namespace paddle
