#pragma once
// Sums of the rows of a SelectedRows that have the same number, on the GPU.

#include <vector>

#include "paddle/math/cuda/launch.h"
#include "paddle/math/cuda/upload.h"
#include "paddle/math/merge_rows.h"

namespace paddle::cuda {

// The order of the rows is found on the host, where their numbers are; the sums are made on the GPU where they are
// used.
class RowMerger {
 public:
  void Sort(const CudaContext& context, const SelectedRows& gradient) {
    order_.Sort(gradient);
    const Dims& dims = gradient.meta.dims;
    width_ = dims.Product(1, dims.rank());
    places_ = Upload<int64_t>(context, order_.places);
    rows_ = Upload<int64_t>(context, order_.rows);
    begin_ = Upload<int64_t>(context, order_.begin);
  }

  // Calls update(i, g) for the elements of rows that occur in the gradient.
  template <class T, class Update>
  void ForEachTouched(const CudaContext& context, const T* values, Update update) const {
    const int64_t *places = Of(places_), *rows = Of(rows_), *begin = Of(begin_);
    const int64_t width = width_;
    ForEach(context, static_cast<int64_t>(order_.rows.size()) * width, [=] __device__(int64_t task) {
      const int64_t k = task / width, column = task % width;
      update(rows[k] * width + column, SumOf(values, places, begin, k, width, column));
    });
  }

  // Calls update(i, g) for every element of a matrix of `height` rows, with 0 where the gradient has no such row.
  template <class T, class Update>
  void ForEachElement(const CudaContext& context, const T* values, int64_t height, Update update) const {
    const int64_t *places = Of(places_), *rows = Of(rows_), *begin = Of(begin_);
    const int64_t width = width_, count = static_cast<int64_t>(order_.rows.size());
    ForEach(context, height * width, [=] __device__(int64_t i) {
      const int64_t row = i / width;
      int64_t low = 0, high = count;
      while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (rows[middle] < row)
          low = middle + 1;
        else
          high = middle;
      }
      const bool there = low < count && rows[low] == row;
      update(i, there ? SumOf(values, places, begin, low, width, i % width) : T(0));
    });
  }

  // Rows that have the same number add up in their order.
  template <class T>
  static constexpr T SumOf(const T* values, const int64_t* places, const int64_t* begin, int64_t k, int64_t width,
                           int64_t column) {
    T sum = values[places[begin[k]] * width + column];
    for (int64_t i = begin[k] + 1; i < begin[k + 1]; ++i) sum += values[places[i] * width + column];
    return sum;
  }

 private:
  static const int64_t* Of(const BufferPtr& buffer) { return reinterpret_cast<const int64_t*>(buffer->data()); }

  RowOrder order_;
  BufferPtr places_, rows_, begin_;
  int64_t width_ = 0;
};

}  // namespace paddle::cuda
