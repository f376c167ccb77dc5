#pragma once
// What recurrent kernels on the GPU share. As on the CPU, they walk over the steps of all sequences at once, the
// longest first, so that those still running at any step are the first ones; what a step hands to the next stands in
// matrices of one row a sequence in that order.

#include <utility>
#include <vector>

#include "paddle/math/cuda/gemm.h"
#include "paddle/math/cuda/launch.h"
#include "paddle/math/cuda/lod.h"
#include "paddle/math/cuda/scratch.h"
#include "paddle/math/sequence_batch.h"

namespace paddle::cuda {

// The sequences of a batch, longest first, for kernels: as SequenceShare.
struct Sequences {
  const int64_t* offsets;
  const int32_t* order;
  bool reverse;

  constexpr int64_t id(int64_t j) const { return order[j]; }
  constexpr int64_t row(int64_t j, int64_t step) const { return RowOfStep(offsets, order[j], step, reverse); }
};

// A batch on both sides.
class SequenceBatch {
 public:
  SequenceBatch(const CudaContext& context, const Lod& lod, bool reverse)
      : share_(lod, reverse), offsets_(Offsets(context, lod)), order_(ByLength(context, lod)), reverse_(reverse) {}

  const SequenceShare& host() const { return share_; }
  Sequences device() const { return {offsets_.data(), order_.data(), reverse_}; }

 private:
  SequenceShare share_;
  LodCopy<int64_t> offsets_;
  LodCopy<int32_t> order_;
  bool reverse_;
};

// Products of the first rows of a matrix with a weight, prepared for a few numbers of rows, the next of which is taken:
// a block of the GPU makes the product of some tens of rows in any case.
class StepProducts {
 public:
  StepProducts() = default;
  // `shape`: with the most rows that there are as m.
  StepProducts(const CudaContext& context, DType dtype, GemmShape shape);

  size_t scratch_bytes() const;

  // c = a b for `rows` rows; more may be computed: a and c must have the most rows that there are.
  template <class T>
  void Run(const CudaContext& context, int64_t rows, const T* a, const T* b, T* c, std::byte* scratch) const {
    for (const auto& [m, product] : products_)
      if (m >= rows) return product.Run(context, a, b, c, scratch);
  }

 private:
  std::vector<std::pair<int64_t, PreparedGemm>> products_;  // by number of rows, rising
};

// Row j of `to` = the row of `from` [sequences, width] that belongs to the j-th sequence; zero where `from` is null.
template <class T>
void GatherStates(const CudaContext& context, const Sequences& sequences, int64_t count, int64_t width, const T* from,
                  T* to) {
  if (!from) return context.SetZero(reinterpret_cast<std::byte*>(to), static_cast<size_t>(count * width) * sizeof(T));
  ForEach(context, count * width,
          [=] __device__(int64_t i) { to[i] = from[sequences.id(i / width) * width + i % width]; });
}

// The other way round for gradients: the row of each sequence = the sum of its rows in `a` and, unless null, `b`; zero
// for the empty sequences, which are those behind the first `running`.
template <class T>
void ScatterStateGrads(const CudaContext& context, const Sequences& sequences, int64_t count, int64_t running,
                       int64_t width, const T* a, const T* b, T* to) {
  ForEach(context, count * width, [=] __device__(int64_t i) {
    T value = 0;
    if (i < running * width) value = b ? a[i] + b[i] : a[i];
    to[sequences.id(i / width) * width + i % width] = value;
  });
}

}  // namespace paddle::cuda
