#include "paddle/math/recurrent_weight_grad.h"

#include <algorithm>

#include "paddle/math/gemm.h"

namespace paddle {
namespace {

// Calls f(sequence, its first row in walking order or -1 where it is empty).
template <class F>
void ForFirstRows(const Lod& lod, bool reverse, F f) {
  const auto offsets = lod.last();
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const bool empty = offsets[s] == offsets[s + 1];
    f(static_cast<int64_t>(s), empty ? -1 : reverse ? offsets[s + 1] - 1 : offsets[s]);
  }
}

// Of rows that stand step by step: the state before a token is one step of rows above (reversed: below).
template <class T>
void RunByStep(const Lod& lod, bool reverse, const RecurrentWeightGrad<T>& args) {
  const int64_t sequences = lod.last_sequences(), later = std::max<int64_t>(lod.rows() - sequences, 0);
  GemmShape shape{.m = args.hidden, .n = args.columns, .k = later, .trans_a = true, .ldb = args.grads_stride};
  Gemm<T>(shape, 1, args.states + (reverse ? sequences * args.hidden : 0),
          args.grads + (reverse ? 0 : sequences * args.grads_stride), 0, args.out);
  if (!args.initial || lod.rows() == 0) return;
  shape.k = sequences;
  Gemm<T>(shape, 1, args.initial, args.grads + (reverse ? later * args.grads_stride : 0), 1, args.out);
}

}  // namespace

template <class T>
void RunRecurrentWeightGrad(const Lod& lod, bool reverse, const RecurrentWeightGrad<T>& args) {
  if (args.time_major) return RunByStep(lod, reverse, args);
  const int64_t rows = lod.rows(), n = args.columns;
  // The state before a token is the row above (reversed: below), but for first tokens: those rows leave the sum for a
  // while.
  ForFirstRows(lod, reverse, [&](int64_t s, int64_t row) {
    T* kept = args.scratch + s * n;
    if (row < 0) {
      std::fill(kept, kept + n, T{});
      return;
    }
    T* grads = args.grads + row * args.grads_stride;
    std::copy(grads, grads + n, kept);
    std::fill(grads, grads + n, T{});
  });
  const GemmShape shape{
      .m = args.hidden, .n = n, .k = std::max<int64_t>(rows - 1, 0), .trans_a = true, .ldb = args.grads_stride};
  Gemm<T>(shape, 1, args.states + (reverse ? args.hidden : 0), args.grads + (reverse ? 0 : args.grads_stride), 0,
          args.out);
  if (args.initial)
    Gemm<T>({.m = args.hidden, .n = n, .k = lod.sequences(lod.levels() - 1), .trans_a = true}, 1, args.initial,
            args.scratch, 1, args.out);
  ForFirstRows(lod, reverse, [&](int64_t s, int64_t row) {
    if (row >= 0) std::copy(args.scratch + s * n, args.scratch + (s + 1) * n, args.grads + row * args.grads_stride);
  });
}

template void RunRecurrentWeightGrad(const Lod&, bool, const RecurrentWeightGrad<float>&);
template void RunRecurrentWeightGrad(const Lod&, bool, const RecurrentWeightGrad<double>&);
template void RunRecurrentWeightGrad(const Lod&, bool, const RecurrentWeightGrad<BFloat16>&);

}  // namespace paddle
