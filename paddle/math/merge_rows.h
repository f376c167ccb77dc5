#pragma once
// Rows that have the same number, and the sums of those of a SelectedRows.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "paddle/tensor/variable.h"

namespace paddle {

// Rows by number.
struct RowOrder {
  std::vector<int64_t> places;  // of the rows, those of the same number together and in their order
  std::vector<int64_t> rows;    // the different numbers, rising
  std::vector<int64_t> begin;   // where in `places` each of `rows` begins, and the end

  void Sort(std::span<const int64_t> numbers);
  // Of a gradient. Throws InvalidArgument for a number outside [0, height).
  void Sort(const SelectedRows& gradient);
};

// Row k of `sums` = the sum of the rows of `values` that have the number order.rows[k], in their order. T: float,
// double or BFloat16 (sums are float, and rounded at the end).
template <class T>
void SumRows(const RowOrder& order, int64_t width, const T* values, T* sums);

// Keeps its memory from one use to the next, for the State of a kernel.
class RowMerger {
 public:
  // Adds up the rows of `gradient` by number, in their order; where each occurs once, in rising order, they are the
  // sums and are not copied: `gradient` must stay. Throws InvalidArgument for a number outside [0, height).
  void Merge(const SelectedRows& gradient);

  // After Merge: the different numbers, rising.
  const std::vector<int64_t>& rows() const { return order_.rows; }
  int64_t width() const { return width_; }
  // The sum for rows()[i].
  template <class T>
  const T* value(int64_t i) const {
    return reinterpret_cast<const T*>(sums_) + i * width_;
  }

  // Calls body(row, sum) for each row of [begin, end), with zeros for those that did not occur.
  template <class T, class Body>
  void ForEachRow(int64_t begin, int64_t end, const Body& body) const {
    size_t i = LowerBound(begin);
    for (int64_t row = begin; row < end; ++row) {
      const bool there = i < rows().size() && rows()[i] == row;
      body(row, there ? value<T>(static_cast<int64_t>(i)) : reinterpret_cast<const T*>(zeros_.data()));
      i += there;
    }
  }

 private:
  size_t LowerBound(int64_t row) const;

  RowOrder order_;
  int64_t width_ = 0;
  const std::byte* sums_ = nullptr;     // in values_, or in the gradient
  std::vector<double> values_, zeros_;  // bytes, aligned for any T
};

}  // namespace paddle
