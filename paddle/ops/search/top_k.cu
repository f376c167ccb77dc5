#include "paddle/math/cuda/launch.h"
#include "paddle/op/cuda/expect.h"
#include "paddle/op/registry.h"
#include "paddle/ops/search/order.h"
#include "paddle/ops/search/top_k.h"

namespace paddle {
namespace {

template <class T>
struct Earlier {
  // An index below 0 stands for nothing, which comes last.
  __device__ Ranked<T> operator()(const Ranked<T>& a, const Ranked<T>& b) const {
    if (a.index < 0) return b;
    if (b.index < 0) return a;
    return Descending()(a, b) ? a : b;
  }
};

// One team a row finds one element after the other: the first of those that come after the last one found.
template <class T>
void Select(const CudaContext& context, const Tensor& x, int64_t k, T* values, int64_t* positions) {
  const int64_t width = x.dim(x.rank() - 1), rows = x.dims().Product(0, x.rank() - 1);
  const T* from = x.data<T>();
  cuda::ForEachTeam(context, rows, [=] __device__(cuda::Team & team, int64_t row) {
    const T* data = from + row * width;
    const Earlier<T> earlier;
    Ranked<T> last{T(0), -1};
    for (int64_t j = 0; j < k; ++j) {
      Ranked<T> best{T(0), -1};
      for (int64_t i = team.rank(); i < width; i += team.size()) {
        const Ranked<T> entry{data[i], i};
        if (last.index < 0 || Descending()(last, entry)) best = earlier(best, entry);
      }
      last = team.Fold(best, earlier);
      if (team.rank() != 0) continue;
      values[row * k + j] = last.value;
      positions[row * k + j] = last.index;
    }
  });
}

void TopK(const CudaContext& context, const TopKAttrs&, const Tensor& x, const Tensor*, Tensor& out, Tensor& indices) {
  VisitNumber(x.dtype(), [&]<class T>() {
    Select<T>(context, x, out.dim(out.rank() - 1), out.mutable_data<T>(), indices.mutable_data<int64_t>());
  });
}

// One thread a row: an index that appears twice adds up in order.
template <class T>
void Scatter(const CudaContext& context, DeviceReport* report, const Tensor& indices, const Tensor& dout, Tensor* dx) {
  const int64_t width = dx->dim(dx->rank() - 1), k = dout.dim(dout.rank() - 1);
  const int64_t rows = dx->dims().Product(0, dx->rank() - 1);
  const int64_t* positions = indices.data<int64_t>();
  const T* d = dout.data<T>();
  T* to = dx->mutable_data<T>();
  cuda::ForEach(context, rows, [=] __device__(int64_t row) {
    for (int64_t i = row * k; i < (row + 1) * k; ++i) {
      const int64_t at = positions[i];
      if (at >= 0 && at < width)
        to[row * width + at] += d[i];
      else
        cuda::Report(report, i, at);
    }
  });
}

void TopKGrad(const CudaContext& context, const TopKAttrs&, const OpDesc& op, const Tensor& indices, const Tensor& dout,
              const Tensor& x, Tensor* dx) {
  if (!dx) return;
  context.SetZero(dx->mutable_raw(), dx->bytes());
  const int64_t width = x.dim(x.rank() - 1);
  DeviceReport* report = cuda::Expect(
      context, op, {{"Indices", &indices}, {"Out@GRAD", &dout}, {"X", &x}}, [=](int64_t index, int64_t value) {
        return StrCat("Indices holds ", value, " at element ", index, "; expected 0 <= index < ", width);
      });
  VisitNumber(dout.dtype(), [&]<class T>() { Scatter<T>(context, report, indices, dout, dx); });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("top_k", TopK),
    RegisterKernel("top_k_grad", TopKGrad),
};

}  // namespace
}  // namespace paddle
