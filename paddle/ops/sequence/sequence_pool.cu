// sequence_pool on the GPU: one thread a column of a sequence, and back one an element.
#include "paddle/math/cuda/launch.h"
#include "paddle/math/cuda/lod.h"
#include "paddle/op/cuda/expect.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"
#include "paddle/ops/sequence/sequence_pool.h"

namespace paddle {
namespace {

// Column i % width of sequence i / width.
template <class T>
struct PoolColumn {
  Pool pool;
  const int64_t* offsets;
  int64_t width;
  T pad;
  const T* x;
  T* out;
  int32_t* index;  // or null

  __device__ void operator()(int64_t i) const {
    const int64_t begin = offsets[i / width], end = offsets[i / width + 1];
    int64_t at = -1;
    out[i] = begin == end ? pad : Value(begin, end, i % width, &at);
    if (index) index[i] = static_cast<int32_t>(at);
  }

 private:
  // `at` becomes the row that the largest value is in.
  constexpr T Value(int64_t begin, int64_t end, int64_t column, int64_t* at) const {
    if (pool == Pool::kLast) return x[(end - 1) * width + column];
    T value = x[begin * width + column];
    if (pool == Pool::kFirst) return value;
    if (pool == Pool::kMax) *at = begin;
    for (int64_t row = begin + 1; row < end; ++row) {
      const T next = x[row * width + column];
      if (pool != Pool::kMax) {
        value += next;
      } else if (next > value) {
        value = next;
        *at = row;
      }
    }
    return pool == Pool::kMax ? value : value * static_cast<T>(SumFactor(pool, end - begin));
  }
};

// Column i % width of row i / width. `report`: of places in MaxIndex outside their sequence.
template <class T>
struct PoolGradElement {
  Pool pool;
  const int64_t* offsets;
  int64_t sequences, width;
  const T* d_out;
  const int32_t* index;  // for the largest
  DeviceReport* report;
  T* dx;

  __device__ void operator()(int64_t i) const {
    const int64_t row = i / width, s = cuda::SequenceOf(offsets, sequences, row);
    const int64_t begin = offsets[s], end = offsets[s + 1], from = s * width + i % width;
    bool taken = true;
    if (pool == Pool::kFirst) taken = row == begin;
    if (pool == Pool::kLast) taken = row == end - 1;
    if (pool == Pool::kMax) {
      taken = row == index[from];
      if (row == begin && (index[from] < begin || index[from] >= end)) cuda::Report(report, from, index[from]);
    }
    dx[i] = taken ? d_out[from] * static_cast<T>(SumFactor(pool, end - begin)) : T(0);
  }
};

void Run(const CudaContext& context, const SequencePoolAttrs& attrs, const Tensor& x, Tensor& out, Tensor* max_index) {
  const auto offsets = cuda::Offsets(context, x.lod());
  VisitFloat(x.dtype(), [&]<class T>() {
    cuda::ForEach(
        context, out.numel(),
        PoolColumn<T>{ToPool(attrs.pooltype), offsets.data(), RowSize(x.dims()), static_cast<T>(attrs.pad_value),
                      x.data<T>(), out.mutable_data<T>(), max_index ? max_index->mutable_data<int32_t>() : nullptr});
  });
}

DeviceReport* ExpectRows(const CudaContext& context, const OpDesc& op, const Tensor& max_index, const Tensor& d_out,
                         const Tensor& x) {
  const Lod lod = x.lod();
  const int64_t width = RowSize(x.dims());
  return cuda::Expect(context, op, {{"MaxIndex", &max_index}, {"Out@GRAD", &d_out}, {"X", &x}},
                      [lod, width](int64_t index, int64_t row) {
                        const auto offsets = lod.last();
                        return StrCat("MaxIndex holds ", row, " for a sequence of the rows ", offsets[index / width],
                                      " to ", offsets[index / width + 1] - 1);
                      });
}

void RunGrad(const CudaContext& context, const SequencePoolAttrs& attrs, const OpDesc& op, const Tensor* max_index,
             const Tensor& d_out, const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const Pool pool = ToPool(attrs.pooltype);
  const auto offsets = cuda::Offsets(context, x.lod());
  const bool max = pool == Pool::kMax;
  DeviceReport* report = max ? ExpectRows(context, op, *max_index, d_out, x) : nullptr;
  VisitFloat(d_out.dtype(), [&]<class T>() {
    cuda::ForEach(context, dx->numel(),
                  PoolGradElement<T>{pool, offsets.data(), x.lod().last_sequences(), RowSize(x.dims()), d_out.data<T>(),
                                     max ? max_index->data<int32_t>() : nullptr, report, dx->mutable_data<T>()});
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("sequence_pool", Run),
    RegisterKernel("sequence_pool_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
