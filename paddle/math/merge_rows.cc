#include "paddle/math/merge_rows.h"

#include <algorithm>

#include "paddle/device/parallel.h"

namespace paddle {

void RowOrder::Sort(std::span<const int64_t> numbers) {
  const int64_t count = static_cast<int64_t>(numbers.size());
  places.resize(count);
  for (int64_t i = 0; i < count; ++i) places[i] = i;
  std::sort(places.begin(), places.end(),
            [&](int64_t a, int64_t b) { return numbers[a] != numbers[b] ? numbers[a] < numbers[b] : a < b; });
  rows.clear();
  begin.clear();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = numbers[places[i]];
    if (!rows.empty() && rows.back() == row) continue;
    rows.push_back(row);
    begin.push_back(i);
  }
  begin.push_back(count);
}

void RowOrder::Sort(const SelectedRows& gradient) {
  for (const int64_t row : gradient.rows)
    Require(row >= 0 && row < gradient.height(), "row ", row, " of a sparse gradient is outside its ",
            gradient.height(), " rows");
  Sort(std::span<const int64_t>(gradient.rows));
}

size_t RowMerger::LowerBound(int64_t row) const {
  return std::lower_bound(rows().begin(), rows().end(), row) - rows().begin();
}

void RowMerger::Merge(const SelectedRows& gradient) {
  order_.Sort(gradient);
  const Dims& dims = gradient.meta.dims;
  width_ = dims.Product(1, dims.rank());
  values_.resize(rows().size() * width_);
  zeros_.assign(width_, 0);
  VisitFloat(gradient.value.dtype(), [&]<class T>() { Sum(gradient.value.data<T>()); });
}

template <class T>
void RowMerger::Sum(const T* values) {
  T* out = reinterpret_cast<T*>(values_.data());
  ParallelFor(static_cast<int64_t>(rows().size()), std::max<int64_t>(1, 16384 / std::max<int64_t>(width_, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t k = begin; k < end; ++k) {
                  T* sum = out + k * width_;
                  std::copy_n(values + order_.places[order_.begin[k]] * width_, width_, sum);
                  for (int64_t i = order_.begin[k] + 1; i < order_.begin[k + 1]; ++i) {
                    const T* x = values + order_.places[i] * width_;
                    for (int64_t j = 0; j < width_; ++j) sum[j] += x[j];
                  }
                }
              });
}

}  // namespace paddle
