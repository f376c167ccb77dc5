#pragma once
// A batch of sequences taken some steps at a time.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "paddle/device/parallel.h"
#include "paddle/device/task_size.h"
#include "paddle/math/bfloat16.h"
#include "paddle/tensor/lod.h"

namespace paddle {

// Where the chunks of steps of a batch begin, and where the last one ends; just 0 where there are no rows.
std::vector<int64_t> ChunkSteps(const Lod& lod);
// An upper limit of the rows of each chunk; it depends on the numbers of rows and sequences only.
int64_t MostChunkRows(const Lod& lod);

// Steps [begin, end) of all sequences, as a batch of its own: rows stand in the order of the whole batch, sequences
// that are over before are empty. The steps of a reversed batch run backwards through its rows.
class StepChunk {
 public:
  StepChunk(const Lod& whole, bool reverse, int64_t begin, int64_t end);

  const Lod& lod() const { return lod_; }
  int64_t rows() const { return lod_.rows(); }
  // As many sequences as there are rows, of one row each: what a recurrent kernel makes of them depends on no other
  // row.
  Lod SingleRows() const;

  // The chunk's rows of `whole` [R, width] into `rows`, and back.
  template <class T>
  void Gather(const T* whole, int64_t width, T* rows) const {
    ForRows(width, [=, this](int64_t i) { std::copy_n(whole + place_[i] * width, width, rows + i * width); });
  }
  template <class T>
  void Scatter(const T* rows, int64_t width, T* whole) const {
    ForRows(width, [=, this](int64_t i) { std::copy_n(rows + i * width, width, whole + place_[i] * width); });
  }

  // For each row the state before it: the one of the step before in `states` [R, width]; for a sequence's first step
  // its row of `initial` [B, width], zero where that is null.
  template <class T>
  void GatherBefore(const T* states, const T* initial, int64_t width, T* rows) const {
    ForRows(width, [=, this](int64_t i) {
      const int64_t before = before_[i];
      if (before >= 0)
        std::copy_n(states + before * width, width, rows + i * width);
      else if (initial)
        std::copy_n(initial + (-1 - before) * width, width, rows + i * width);
      else
        std::fill_n(rows + i * width, width, T{});
    });
  }

  // The state before the chunk's first step of each sequence, for a chunk that is not the first; what `initial`
  // [B, width] holds for empty sequences stays.
  template <class T>
  void GatherInitial(const T* states, int64_t width, T* initial) const {
    ForEnds(true, [=, this](int64_t s, int64_t row) {
      std::copy_n(states + before_[row] * width, width, initial + s * width);
    });
  }

  // Adds row s of `grads` [B, width] to the row of the chunk's last step of sequence s.
  template <class T>
  void AddToLast(const T* grads, int64_t width, T* rows) const {
    ForEnds(false, [=](int64_t s, int64_t row) {
      const T* from = grads + s * width;
      T* to = rows + row * width;
      for (int64_t i = 0; i < width; ++i) to[i] = Kept<T>(Computed<T>(to[i]) + Computed<T>(from[i]));
    });
  }

 private:
  // Calls f(row) for each row of that width, on all threads.
  template <class F>
  void ForRows(int64_t width, const F& f) const {
    ParallelFor(rows(), std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(width, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t row = begin; row < end; ++row) f(row);
                });
  }
  // Calls f(sequence, the chunk's row of its first or last step) for sequences that are not empty.
  template <class F>
  void ForEnds(bool first, const F& f) const {
    const auto offsets = lod_.last();
    for (size_t s = 0; s + 1 < offsets.size(); ++s)
      if (offsets[s] < offsets[s + 1]) f(static_cast<int64_t>(s), first == reverse_ ? offsets[s + 1] - 1 : offsets[s]);
  }

  bool reverse_;
  Lod lod_;
  std::vector<int64_t> place_;   // of each row in the whole batch
  std::vector<int64_t> before_;  // of the row of the step before; -1 - s for the first step of sequence s
};

}  // namespace paddle
