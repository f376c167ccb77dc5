#include "paddle/ops/search/top_k.h"

#include <algorithm>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"
#include "paddle/ops/search/order.h"

namespace paddle {
namespace {

void Infer(const TopKAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  const TensorMeta& x = context.In("X");
  Require(x.rank() >= 1, "X has no axis; expected rank 1 or more");
  int64_t k = attrs.k;
  if (context.Has("K")) {
    Require(SizesAgree(context.In("K").numel(), 1), "K has shape ", context.In("K").dims, "; expected one integer");
    const auto values = context.Values("K");
    k = values ? values->at(0) : -1;
  }
  const int64_t width = x.dims[x.rank() - 1];
  if (k != -1 || !context.building()) {
    Require(k >= 1, "k is ", k, "; expected 1 or more");
    Require(width < 0 || k <= width, "k is ", k, ", but the last axis of X, of shape ", x.dims, ", has only ", width,
            " elements");
  }
  Dims dims = x.dims;
  dims[x.rank() - 1] = k;
  context.SetOut("Out", dims, x.dtype);
  context.SetOut("Indices", dims, DType::kInt64);
  context.ShareLod("X", "Out");
  context.ShareLod("X", "Indices");
}

// The k best so far as a heap in the output arrays, the worst of them at its root.
template <class T>
struct Heap {
  T* values;
  int64_t* indices;

  Ranked<T> At(int64_t i) const { return {values[i], indices[i]}; }
  void Put(int64_t i, const Ranked<T>& entry) {
    values[i] = entry.value;
    indices[i] = entry.index;
  }
  // Lets `entry` sink from the root of the first `size` elements.
  void Sink(const Ranked<T>& entry, int64_t root, int64_t size) {
    int64_t i = root;
    for (int64_t child = 2 * i + 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && Descending()(At(child), At(child + 1))) ++child;
      if (Descending()(At(child), entry)) break;
      Put(i, At(child));
      i = child;
    }
    Put(i, entry);
  }
};

template <class T>
void TopKOfRow(const T* x, int64_t width, int64_t k, T* values, int64_t* indices) {
  Heap<T> heap{values, indices};
  for (int64_t i = 0; i < k; ++i) heap.Put(i, {x[i], i});
  for (int64_t i = k / 2 - 1; i >= 0; --i) heap.Sink(heap.At(i), i, k);
  for (int64_t i = k; i < width; ++i) {
    const Ranked<T> entry{x[i], i};
    if (Descending()(entry, heap.At(0))) heap.Sink(entry, 0, k);
  }
  for (int64_t size = k - 1; size > 0; --size) {  // the worst goes to the end
    const Ranked<T> worst = heap.At(0), last = heap.At(size);
    heap.Sink(last, 0, size);
    heap.Put(size, worst);
  }
}

void TopK(const CpuContext&, const TopKAttrs&, const Tensor& x, const Tensor*, Tensor& out, Tensor& indices) {
  const int64_t width = x.dim(x.rank() - 1), k = out.dim(out.rank() - 1), rows = x.dims().Product(0, x.rank() - 1);
  VisitNumber(x.dtype(), [&]<class T>() {
    const T* px = x.data<T>();
    T* values = out.mutable_data<T>();
    int64_t* positions = indices.mutable_data<int64_t>();
    ParallelFor(rows, std::max<int64_t>(1, 16 * 1024 / std::max<int64_t>(width, 1)), [=](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) TopKOfRow(px + r * width, width, k, values + r * k, positions + r * k);
    });
  });
}

void InferGrad(const TopKAttrs&, InferContext& context) {
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckDType("Indices", {DType::kInt64});
  context.CheckSameDims("Indices", "Out@GRAD");
  const Dims &x = context.In("X").dims, &indices = context.In("Indices").dims;
  const int last = x.rank() - 1;
  Require(indices.rank() == x.rank() && last >= 0 && DimsAgree(indices.Slice(0, last), x.Slice(0, last)),
          "input Indices has shape ", indices, "; expected that of X ", x, " but for the last dimension");
  context.CopyMeta("X", "X@GRAD");
}

void TopKGrad(const CpuContext&, const TopKAttrs&, const Tensor& indices, const Tensor& dout, const Tensor& x,
              Tensor* dx) {
  if (!dx) return;
  const int64_t width = x.dim(x.rank() - 1), k = dout.dim(dout.rank() - 1), rows = x.dims().Product(0, x.rank() - 1);
  const int64_t* positions = indices.data<int64_t>();
  VisitNumber(dout.dtype(), [&]<class T>() {
    const T* pdout = dout.data<T>();
    T* pdx = dx->mutable_data<T>();
    std::fill_n(pdx, dx->numel(), T(0));
    for (int64_t i = 0; i < rows * k; ++i) {
      const int64_t at = positions[i];
      Require(at >= 0 && at < width, "Indices holds ", at, " at element ", i, "; expected 0 <= index < ", width);
      pdx[i / k * width + at] += pdout[i];
    }
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<TopKAttrs>(
        {.name = "top_k",
         .doc = "Out = the k largest elements along the last axis, largest first; equal ones in their order.",
         .inputs = {{"X", "Tensor [..., n]."},
                    {"K", "k as a tensor of one integer; it goes before `k`.", kOptional | kValue | kNoGradient}},
         .outputs = {{"Out", "The elements, [..., k], with X's LoD."},
                     {"Indices", "Their positions in the last axis, int64[..., k]."}},
         .infer = Infer}),
    RegisterKernel("top_k", TopK),
    RegisterOp<TopKAttrs>({.name = "top_k_grad",
                           .doc = "X@GRAD = Out@GRAD at the positions in Indices, 0 elsewhere.",
                           .inputs = {{"Indices", "Output of the op."},
                                      {"Out@GRAD", "Gradient of Out."},
                                      {"X", "Input of the op.", kMetaOnly}},
                           .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                           .infer = InferGrad}),
    RegisterKernel("top_k_grad", TopKGrad),
};

}  // namespace
}  // namespace paddle
