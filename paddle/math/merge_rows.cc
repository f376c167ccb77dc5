#include "paddle/math/merge_rows.h"

#include <algorithm>

#include "paddle/device/parallel.h"

namespace paddle {

size_t RowMerger::LowerBound(int64_t row) const {
  return std::lower_bound(rows_.begin(), rows_.end(), row) - rows_.begin();
}

void RowMerger::Merge(const SelectedRows& gradient) {
  const int64_t count = static_cast<int64_t>(gradient.rows.size()), height = gradient.height();
  order_.resize(count);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = gradient.rows[i];
    Require(row >= 0 && row < height, "row ", row, " of a sparse gradient is outside its ", height, " rows");
    order_[i] = {row, i};
  }
  std::sort(order_.begin(), order_.end());
  rows_.clear();
  begin_.clear();
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0 && order_[i].first == order_[i - 1].first) continue;
    rows_.push_back(order_[i].first);
    begin_.push_back(i);
  }
  begin_.push_back(count);
  const Dims& dims = gradient.meta.dims;
  width_ = dims.Product(1, dims.rank());
  values_.resize(rows_.size() * width_);
  zeros_.assign(width_, 0);
  VisitFloat(gradient.value.dtype(), [&]<class T>() { Sum(gradient.value.data<T>()); });
}

template <class T>
void RowMerger::Sum(const T* values) {
  T* out = reinterpret_cast<T*>(values_.data());
  ParallelFor(static_cast<int64_t>(rows_.size()), std::max<int64_t>(1, 16384 / std::max<int64_t>(width_, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t k = begin; k < end; ++k) {
                  T* sum = out + k * width_;
                  std::copy_n(values + order_[begin_[k]].second * width_, width_, sum);
                  for (int64_t i = begin_[k] + 1; i < begin_[k + 1]; ++i) {
                    const T* x = values + order_[i].second * width_;
                    for (int64_t j = 0; j < width_; ++j) sum[j] += x[j];
                  }
                }
              });
}

}  // namespace paddle
