#include "paddle/math/merge_rows.h"

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/math/bfloat16.h"
#include "paddle/math/map.h"

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

namespace {

constexpr int64_t kSumTogether = 512;  // elements, whose sums stay in the cache

// The sum of the rows that `places` names, in that order.
template <class T>
void SumPlaces(std::span<const int64_t> places, int64_t width, const T* values, T* to) {
  if (places.size() == 1) return void(std::copy_n(values + places[0] * width, width, to));
  Computed<T> buffer[kSumTogether];
  Computed<T>* const sum = buffer;
  for (int64_t begin = 0; begin < width; begin += kSumTogether) {
    const int64_t n = std::min(kSumTogether, width - begin);
    math::RunLoop<Computed<T>>([=] {
      std::fill_n(sum, n, Computed<T>{-0.0});  // what leaves any number as it is when it is added
      for (const int64_t place : places) {
        const T* x = values + place * width + begin;
        for (int64_t j = 0; j < n; ++j) sum[j] += x[j];
      }
      for (int64_t j = 0; j < n; ++j) to[begin + j] = Kept<T>(sum[j]);
    });
  }
}

}  // namespace

template <class T>
void SumRows(const RowOrder& order, int64_t width, const T* values, T* sums) {
  const std::span<const int64_t> places = order.places;
  ParallelFor(static_cast<int64_t>(order.rows.size()), std::max<int64_t>(1, 16384 / std::max<int64_t>(width, 1)),
              [&](int64_t begin, int64_t end) {
                for (int64_t k = begin; k < end; ++k)
                  SumPlaces(places.subspan(order.begin[k], order.begin[k + 1] - order.begin[k]), width, values,
                            sums + k * width);
              });
}

template void SumRows(const RowOrder&, int64_t, const float*, float*);
template void SumRows(const RowOrder&, int64_t, const double*, double*);
template void SumRows(const RowOrder&, int64_t, const BFloat16*, BFloat16*);

size_t RowMerger::LowerBound(int64_t row) const {
  return std::lower_bound(rows().begin(), rows().end(), row) - rows().begin();
}

void RowMerger::Merge(const SelectedRows& gradient) {
  order_.Sort(gradient);
  const Dims& dims = gradient.meta.dims;
  width_ = dims.Product(1, dims.rank());
  zeros_.assign(width_, 0);
  if (rows().size() == gradient.rows.size() && std::is_sorted(gradient.rows.begin(), gradient.rows.end())) {
    sums_ = gradient.value.raw();
    return;
  }
  const size_t bytes = rows().size() * static_cast<size_t>(width_) * SizeOf(gradient.value.dtype());
  values_.resize((bytes + sizeof(double) - 1) / sizeof(double));
  sums_ = reinterpret_cast<const std::byte*>(values_.data());
  VisitFloat(gradient.value.dtype(), [&]<class T>() {
    SumRows(order_, width_, gradient.value.data<T>(), reinterpret_cast<T*>(values_.data()));
  });
}

}  // namespace paddle
