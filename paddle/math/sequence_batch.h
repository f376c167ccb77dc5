#pragma once
// The sequences of a batch in the order in which a recurrent kernel walks them.

#include <cstdint>
#include <span>

#include "paddle/tensor/lod.h"

namespace paddle {

// Row of sequence s at a step; steps run backwards through the rows of a reversed batch.
constexpr int64_t RowOfStep(const int64_t* offsets, int64_t s, int64_t step, bool reverse) {
  return reverse ? offsets[s + 1] - 1 - step : offsets[s] + step;
}

// A share of a batch's sequences, the longest first, so that those still running at any step are the first ones. Share
// g of n takes one of each n neighbours in the order by length, in turn from either end: shares hold nearly the same
// number of rows.
class SequenceShare {
 public:
  // `time_major`: rows stand step by step, row t * sequences + s; for sequences of one length.
  SequenceShare(const Lod& lod, bool reverse, int share = 0, int shares = 1, bool time_major = false)
      : offsets_(lod.last()),
        order_(lod.ByLength()),
        share_(share),
        shares_(shares),
        reverse_(reverse),
        time_major_(time_major) {
    int64_t filled = static_cast<int64_t>(order_.size());
    while (filled > 0 && LengthOf(order_[filled - 1]) == 0) --filled;
    while (Index(size_) < filled) ++size_;
  }

  // Number of sequences that are not empty.
  int64_t size() const { return size_; }
  // Place of the j-th among all sequences of the batch, longest first.
  int64_t rank(int64_t j) const { return Index(j); }
  // Which sequence of the LoD's last level the j-th is.
  int64_t id(int64_t j) const { return order_[Index(j)]; }
  int64_t length(int64_t j) const { return LengthOf(order_[Index(j)]); }
  int64_t longest() const { return size_ ? length(0) : 0; }
  // Row of the j-th sequence at a step.
  int64_t row(int64_t j, int64_t step) const {
    const int64_t s = id(j);
    if (time_major_) return (reverse_ ? LengthOf(s) - 1 - step : step) * static_cast<int64_t>(order_.size()) + s;
    return RowOfStep(offsets_.data(), s, step, reverse_);
  }
  // The number of sequences longer than `step`, searched from `guess` on, which is the number for a step beside it.
  int64_t Running(int64_t step, int64_t guess) const {
    while (guess > 0 && length(guess - 1) <= step) --guess;
    while (guess < size_ && length(guess) > step) ++guess;
    return guess;
  }

 private:
  int64_t LengthOf(int64_t s) const { return offsets_[s + 1] - offsets_[s]; }
  int64_t Index(int64_t j) const { return j * shares_ + (j & 1 ? shares_ - 1 - share_ : share_); }

  std::span<const int64_t> offsets_;
  std::span<const int32_t> order_;
  int64_t size_ = 0;
  int share_, shares_;
  bool reverse_, time_major_;
};

}  // namespace paddle
