#pragma once
// The product of a recurrent layer's rows and a weight, computed a chunk of steps at a time.

#include <algorithm>
#include <functional>
#include <type_traits>

#include "paddle/device/task_size.h"
#include "paddle/math/gemm.h"
#include "paddle/math/scratch_parts.h"
#include "paddle/math/step_chunks.h"

namespace paddle {

// What feeds a layer's gates: x weight + bias. T: float, double or BFloat16.
template <class T>
struct Projection {
  int64_t width = 0, columns = 0;
  const T* x = nullptr;       // [R, width]
  const T* weight = nullptr;  // [width, columns]
  const T* bias = nullptr;    // [columns] or null: zero
  // Of the backward pass; null: not wanted.
  T* x_grad = nullptr;
  T* weight_grad = nullptr;
  T* bias_grad = nullptr;

  // The chunk's rows of x into `rows`, and their products with the weight into `out` [rows, columns].
  void Run(const StepChunk& chunk, T* rows, T* out) const {
    chunk.Gather(x, width, rows);
    Gemm<T>({.m = chunk.rows(), .n = columns, .k = width}, 1, rows, weight, 0, out);
  }
  // The chunk's rows of the gradient of x, from those of the gates; `rows` [rows, width] is room for them.
  void RunGrad(const StepChunk& chunk, const T* grads, T* rows) const {
    if (!x_grad) return;
    Gemm<T>({.m = chunk.rows(), .n = width, .k = columns, .trans_b = true}, 1, grads, weight, 0, rows);
    chunk.Scatter(rows, width, x_grad);
  }
};

// The gradient of a weight [m, n]: the sum over all chunks of a' b, as computed values until the last one is in.
template <class T>
class WeightGradSum {
 public:
  WeightGradSum(ScratchParts* parts, int64_t m, int64_t n) : m_(m), n_(n) {
    if constexpr (!kDirect) {
      sum_ = parts->Take<Computed<T>>(m * n);
      part_ = parts->Take<T>(m * n);
    }
  }
  // `out`: null where the gradient is not wanted.
  void Start(T* out) {
    out_ = out;
    if (!out) return;
    if constexpr (kDirect) sum_ = out;
    std::fill_n(sum_, m_ * n_, Computed<T>{0});
  }
  // a [k, m], b [k, n] with `ldb` elements from row to row.
  void Add(int64_t k, const T* a, const T* b, int64_t ldb) {
    if (!out_) return;
    const GemmShape shape{.m = m_, .n = n_, .k = k, .trans_a = true, .ldb = ldb};
    if constexpr (kDirect) {
      Gemm<T>(shape, 1, a, b, 1, out_);
    } else {
      Gemm<T>(shape, 1, a, b, 0, part_);
      ParallelFor(m_ * n_, kCheapElementsPerTask, [this](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) sum_[i] += Computed<T>(part_[i]);
      });
    }
  }
  void Finish() const {
    if constexpr (!kDirect)
      if (out_) std::transform(sum_, sum_ + m_ * n_, out_, Kept<T>);
  }

 private:
  static constexpr bool kDirect = std::is_same_v<T, Computed<T>>;
  int64_t m_, n_;
  T *out_ = nullptr, *part_ = nullptr;
  Computed<T>* sum_ = nullptr;
};

// The bias of a layer whose projection has one too.
template <class T>
class SummedBias {
 public:
  using C = Computed<T>;
  // `size`: of the layer's own bias, of which the first `columns` are added to what the projection makes.
  SummedBias(ScratchParts* parts, int64_t size, int64_t columns)
      : size_(size), columns_(columns), sum_(parts->Take<C>(size)) {}

  // Of the layer and of its projection; either may be null. Null where both are.
  const C* Of(const C* own, const T* projection) const {
    if (!projection) return own;
    for (int64_t i = 0; i < size_; ++i) sum_[i] = (own ? own[i] : C{0}) + (i < columns_ ? C(projection[i]) : C{0});
    return sum_;
  }

 private:
  int64_t size_, columns_;
  C* sum_;
};

// The gradients of both biases: a sum over the chunks.
template <class T>
class BiasGradSum {
 public:
  using C = Computed<T>;
  BiasGradSum(ScratchParts* parts, int64_t size, int64_t columns)
      : size_(size), columns_(columns), sum_(parts->Take<C>(size)), part_(parts->Take<C>(size)) {}

  void Start(C* own, T* projection) {
    own_ = own;
    projection_ = projection;
    std::fill_n(sum_, size_, C{0});
  }
  // Where a chunk's sums go, null if nobody wants them; and adds what is there.
  C* Part() const { return own_ || projection_ ? part_ : nullptr; }
  void Add() const {
    if (Part()) std::transform(sum_, sum_ + size_, part_, sum_, std::plus<C>());
  }
  void Finish() const {
    if (own_) std::copy_n(sum_, size_, own_);
    if (projection_) std::transform(sum_, sum_ + columns_, projection_, Kept<T>);
  }

 private:
  int64_t size_, columns_;
  C *sum_, *part_, *own_ = nullptr;
  T* projection_ = nullptr;
};

// Gradients of a chunk's states: those from outside, `whole` [R, width], and those of the last states from what is
// behind the chunk, `later` [B, width]. Either may be null. Returns `rows`, their place; null where both are.
template <class S>
const S* GatherGrads(const StepChunk& chunk, const S* whole, const S* later, int64_t width, S* rows) {
  if (!whole && !later) return nullptr;
  if (whole)
    chunk.Gather(whole, width, rows);
  else
    std::fill_n(rows, chunk.rows() * width, S{});
  if (later) chunk.AddToLast(later, width, rows);
  return rows;
}

}  // namespace paddle
