#include "paddle/math/arithmetic.h"
#include "paddle/math/cuda/reduce.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

template <class T, class A>
void Count(const CudaContext& context, const Tensor& indices, const Tensor& label, Tensor* accuracy, Tensor* correct,
           Tensor* total) {
  const int64_t rows = indices.dim(0), classes = indices.dim(1);
  const T *index = indices.data<T>(), *truth = label.data<T>();
  A* share = accuracy->mutable_data<A>();
  int32_t *hits = correct->mutable_data<int32_t>(), *count = total->mutable_data<int32_t>();
  cuda::Reduce(
      context, 1, rows, int32_t{0},
      [=] __device__(int64_t, int64_t i) {
        for (int64_t k = 0; k < classes; ++k)
          if (index[i * classes + k] == truth[i]) return int32_t{1};
        return int32_t{0};
      },
      math::Add(),
      [=] __device__(int64_t, int32_t sum) {
        *hits = sum;
        *count = static_cast<int32_t>(rows);
        *share = rows ? static_cast<A>(sum) / static_cast<A>(rows) : A(0);
      });
}

void Accuracy(const CudaContext& context, const NoAttrs&, const Tensor&, const Tensor& indices, const Tensor& label,
              Tensor& accuracy, Tensor& correct, Tensor& total) {
  VisitIndex(indices.dtype(), [&]<class T>() {
    VisitFloat(accuracy.dtype(), [&]<class A>() { Count<T, A>(context, indices, label, &accuracy, &correct, &total); });
  });
}

const Registered kCuda = RegisterKernel("accuracy", Accuracy);

}  // namespace
}  // namespace paddle
