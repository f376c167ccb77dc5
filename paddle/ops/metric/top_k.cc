// The largest elements of each row, and the share of rows whose label is among them.

#include <algorithm>
#include <numeric>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct TopKAttrs {
  int32_t k = 1;
  static auto Fields() { return std::tuple{Field{"k", &TopKAttrs::k, "How many."}}; }
};

void InferTopK(const TopKAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 1, kMaxRank);
  int64_t k = attrs.k;
  if (context.Has("K")) {
    const auto values = context.Values("K");
    k = values ? values->at(0) : -1;
  }
  Dims dims = context.In("X").dims;
  const int last = dims.rank() - 1;
  Require(k >= 1 || (k == -1 && context.building()), "k must be at least 1, got ", k);
  Require(dims[last] < 0 || k <= dims[last], "k is ", k, ", but the rows of X ", dims, " have ", dims[last], " elements");
  dims[last] = k;
  context.SetOut("Out", dims, context.In("X").dtype);
  context.SetOut("Indices", dims, DType::kInt64);
  context.ShareLod("X", "Out");
  context.ShareLod("X", "Indices");
}

// Of equal elements the first comes first.
template <class T>
void TopKRow(const T* x, int64_t width, int64_t k, T* out, int64_t* indices) {
  int64_t filled = 0;
  for (int64_t i = 0; i < width; ++i) {
    if (filled == k && !(x[i] > out[k - 1])) continue;
    int64_t at = filled < k ? filled++ : k - 1;
    for (; at > 0 && x[i] > out[at - 1]; --at) {
      out[at] = out[at - 1];
      indices[at] = indices[at - 1];
    }
    out[at] = x[i];
    indices[at] = i;
  }
}

// For larger k sorting the row is quicker than inserting into it.
template <class T>
void SortRow(const T* x, int64_t width, int64_t k, T* out, int64_t* indices) {
  std::vector<int64_t> order(static_cast<size_t>(width));
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t a, int64_t b) { return x[a] > x[b] || (x[a] == x[b] && a < b); });
  for (int64_t i = 0; i < k; ++i) {
    indices[i] = order[static_cast<size_t>(i)];
    out[i] = x[indices[i]];
  }
}

void TopK(const CpuContext&, const TopKAttrs&, const Tensor& x, const Tensor*, Tensor& out, Tensor& indices) {
  const int64_t width = x.dim(x.rank() - 1), k = out.dim(out.rank() - 1), rows = x.dims().Product(0, x.rank() - 1);
  VisitFloat(x.dtype(), [&]<class T>() {
    ParallelFor(rows, 1 + 4096 / std::max<int64_t>(width, 1), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const auto row = k <= 32 ? TopKRow<T> : SortRow<T>;
        row(x.data<T>() + r * width, width, k, out.mutable_data<T>() + r * k, indices.mutable_data<int64_t>() + r * k);
      }
    });
  });
}

void InferTopKGrad(const TopKAttrs&, InferContext& context) { context.CopyMeta("X", "X@GRAD"); }

void TopKGrad(const CpuContext&, const TopKAttrs&, const Tensor& x, const Tensor& indices, const Tensor& d_out, Tensor& dx) {
  const int64_t width = x.dim(x.rank() - 1), k = d_out.dim(d_out.rank() - 1), rows = x.dims().Product(0, x.rank() - 1);
  VisitFloat(dx.dtype(), [&]<class T>() {
    std::fill_n(dx.mutable_data<T>(), dx.numel(), T(0));
    for (int64_t i = 0; i < rows * k; ++i) dx.mutable_data<T>()[i / k * width + indices.data<int64_t>()[i]] = d_out.data<T>()[i];
  });
}

void InferAccuracy(const NoAttrs&, InferContext& context) {
  context.CheckDType("Indices", {DType::kInt64});
  context.CheckDType("Label", kIndices);
  context.CheckRank("Indices", 2, 2);
  const Dims &indices = context.In("Indices").dims, &label = context.In("Label").dims;
  Require(label.rank() == 2 && SizesAgree(label[1], 1) && SizesAgree(label[0], indices[0]), "Label has shape ", label, "; expected [", indices[0],
          ", 1] to go with Indices ", indices);
  context.SetOut("Accuracy", {1}, DType::kFloat32);
  context.SetOut("Correct", {1}, DType::kInt32);
  context.SetOut("Total", {1}, DType::kInt32);
}

void Accuracy(const CpuContext&, const NoAttrs&, const Tensor&, const Tensor& indices, const Tensor& label, Tensor& accuracy, Tensor& correct,
              Tensor& total) {
  const int64_t rows = indices.dim(0), k = indices.dim(1);
  int32_t hits = 0;
  VisitIndex(label.dtype(), [&]<class T>() {
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t* row = indices.data<int64_t>() + r * k;
      if (std::find(row, row + k, static_cast<int64_t>(label.data<T>()[r])) != row + k) ++hits;
    }
  });
  *accuracy.mutable_data<float>() = rows ? static_cast<float>(hits) / static_cast<float>(rows) : 0.0f;
  *correct.mutable_data<int32_t>() = hits;
  *total.mutable_data<int32_t>() = static_cast<int32_t>(rows);
}

const Registered kTopK = RegisterOp<TopKAttrs>({
    .name = "top_k",
    .doc = "The k largest elements of each row (along the last dimension), largest first, and where they are. Of equal ones the first comes first.",
    .inputs = {{"X", "Tensor of rank 1 or more."}, {"K", "k as a tensor of one integer; wins over the attribute.", kOptional | kValue | kNoGradient}},
    .outputs = {{"Out", "The elements; the last dimension has size k."}, {"Indices", "Their places in the rows, int64."}},
    .infer = InferTopK,
});
const Registered kTopKCpu = RegisterKernel("top_k", TopK);

const Registered kTopKGrad = RegisterOp<TopKAttrs>({
    .name = "top_k_grad",
    .doc = "Gradient of top_k: goes back to where the elements came from; the others get 0.",
    .inputs = {{"X", "As given to top_k; its shape is used.", kMetaOnly}, {"Indices", "From top_k."}, {"Out@GRAD", "Gradient of Out."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferTopKGrad,
});
const Registered kTopKGradCpu = RegisterKernel("top_k_grad", TopKGrad);

const Registered kAccuracy = RegisterOp<NoAttrs>({
    .name = "accuracy",
    .doc = "The share of rows whose label is among the classes that top_k found.",
    .inputs = {{"Out", "Out of top_k.", kMetaOnly | kNoGradient},
               {"Indices", "Indices of top_k, [N, k].", kNoGradient},
               {"Label", "The right classes, [N, 1], int32 or int64.", kNoGradient}},
    .outputs = {{"Accuracy", "The share, [1], float32."}, {"Correct", "How many rows were right, [1], int32."}, {"Total", "How many rows there were, [1], int32."}},
    .infer = InferAccuracy,
});
const Registered kAccuracyCpu = RegisterKernel("accuracy", Accuracy);

}  // namespace
}  // namespace paddle
