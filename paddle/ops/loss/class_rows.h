#pragma once
// Losses that look at a few rows of a table of classes for each sample: logit = x[sample] . w[row] + b[row].

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "paddle/device/parallel.h"
#include "paddle/math/sums.h"
#include "paddle/op/attributes.h"
#include "paddle/op/infer.h"
#include "paddle/tensor/variable.h"

namespace paddle {

// Attributes of the ops that may get rows of their table from parameter servers.
struct RemoteRows {
  bool is_sparse = false;
  bool remote_prefetch = false;
  int32_t trainer_id = 0;
  std::vector<int64_t> height_sections;
  std::vector<std::string> epmap;
  std::vector<std::string> table_names;

  template <class A>
  static auto RemoteFields() {
    return std::tuple{
        Field{"remote_prefetch", &A::remote_prefetch, "Whether rows come from the parameter servers in epmap."},
        Field{"trainer_id", &A::trainer_id, "For remote_prefetch."},
        Field{"height_sections", &A::height_sections, "For remote_prefetch."},
        Field{"epmap", &A::epmap, "Addresses of parameter servers; must be empty."},
        Field{"table_names", &A::table_names, "For remote_prefetch."}};
  }
  // Programs of sparse tables carry remote_prefetch; it means something only where servers are named.
  void CheckLocal() const {
    if (!epmap.empty()) throw Unimplemented(StrCat("rows cannot be fetched from the parameter servers ", epmap));
  }
};

// Terms of the gradient of a table, sorted by the row that they belong to.
class RowTerms {
 public:
  // rows[k]: of term k; below 0: there is no such term.
  explicit RowTerms(std::span<const int64_t> rows) : order_(rows.size()) {
    std::iota(order_.begin(), order_.end(), int64_t{0});
    std::erase_if(order_, [&](int64_t k) { return rows[k] < 0; });
    std::ranges::stable_sort(order_, {}, [&](int64_t k) { return rows[k]; });
    for (size_t i = 0; i < order_.size(); ++i)
      if (const int64_t row = rows[order_[i]]; rows_.empty() || row != rows_.back()) {
        rows_.push_back(row);
        begin_.push_back(static_cast<int64_t>(i));
      }
    begin_.push_back(static_cast<int64_t>(order_.size()));
  }

  const std::vector<int64_t>& rows() const { return rows_; }  // each once, ascending

  // For number i of rows(): to[0 .. width) = sum of d[k] * x[k / per_sample] over its terms k, in their order.
  // `place(i)` is where its row begins in `to`.
  template <class T, class Place>
  void SumRows(const T* d, const T* x, int64_t width, int64_t per_sample, T* to, const Place& place) const {
    const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(width, 1));
    ParallelFor(static_cast<int64_t>(rows_.size()), grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        T* out = to + place(i) * width;
        std::fill(out, out + width, T(0));
        for (int64_t n = begin_[i]; n < begin_[i + 1]; ++n) {
          const T factor = d[order_[n]];
          const T* row = x + order_[n] / per_sample * width;
          for (int64_t j = 0; j < width; ++j) out[j] += factor * row[j];
        }
      }
    });
  }

  // The same for the bias: to[row] = sum of d[k].
  template <class T>
  void SumBias(const T* d, Tensor* bias) const {
    T* to = bias->mutable_data<T>();
    std::fill(to, to + bias->numel(), T(0));
    for (size_t i = 0; i < rows_.size(); ++i)
      for (int64_t n = begin_[i]; n < begin_[i + 1]; ++n) to[rows_[i]] += d[order_[n]];
  }

 private:
  std::vector<int64_t> order_, rows_, begin_;
};

// The gradient of a table [rows, width]: all of it, or the rows that have terms.
template <class T>
void SumTableGrad(const CpuContext&, const RowTerms& terms, const T* d, const T* x, int64_t per_sample, Tensor& dw) {
  T* to = dw.mutable_data<T>();
  std::fill(to, to + dw.numel(), T(0));
  terms.SumRows(d, x, dw.dim(1), per_sample, to, [&](int64_t i) { return terms.rows()[i]; });
}
template <class T>
void SumTableGrad(const CpuContext& cpu, const RowTerms& terms, const T* d, const T* x, int64_t per_sample,
                  SelectedRows& dw) {
  dw.Allocate(static_cast<int64_t>(terms.rows().size()), cpu.allocator());
  dw.rows = terms.rows();
  terms.SumRows(d, x, dw.meta.dims[1], per_sample, dw.value.template mutable_data<T>(), [](int64_t i) { return i; });
}

// dx[s] = sum of d[k] * w[rows[k]] over the terms k of sample s.
template <class T>
void SumInputGrad(std::span<const int64_t> rows, const T* d, const T* w, int64_t width, int64_t per_sample,
                  Tensor* dx) {
  T* to = dx->mutable_data<T>();
  const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(width * per_sample, 1));
  ParallelFor(dx->dim(0), grain, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      T* out = to + s * width;
      std::fill(out, out + width, T(0));
      for (int64_t k = s * per_sample; k < (s + 1) * per_sample; ++k)
        for (int64_t j = 0; rows[k] >= 0 && j < width; ++j) out[j] += d[k] * w[rows[k] * width + j];
    }
  });
}

template <class T>
T RowLogit(const T* x, const T* w, const T* bias, int64_t row, int64_t width) {
  const T* own = w + row * width;
  return LaneSum<T>(width, [=](int64_t j) { return x[j] * own[j]; }) + (bias ? bias[row] : T(0));
}

// A bias of one number for each of `rows` rows of a table, in any shape.
inline void CheckBias(const InferContext& context, std::string_view like, int64_t rows) {
  if (!context.Has("Bias")) return;
  context.CheckSameDType(like, "Bias");
  Require(SizesAgree(context.In("Bias").numel(), rows), "Bias has shape ", context.In("Bias").dims,
          "; expected one number for each of the ", rows, " rows");
}

// Sets the gradient of a table.
inline void SetTableGrad(InferContext& context, std::string_view table, std::string_view grad, bool sparse) {
  const TensorMeta like = context.In(table);
  context.SetOut(grad, like.dims, like.dtype);
  if (TensorMeta* meta = context.MutableOut(grad)) meta->kind = sparse ? VarKind::kSelectedRows : VarKind::kTensor;
}

}  // namespace paddle
