#include "paddle/math/cuda/softmax.h"
#include "paddle/op/registry.h"
#include "paddle/ops/activation/softmax.h"

namespace paddle {
namespace {

template <class Attrs, bool kLog>
void Run(const CudaContext& context, const Attrs& attrs, const Tensor& x, Tensor& out) {
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitFloat(x.dtype(), [&]<class T>() { cuda::Softmax(context, view, kLog, x.data<T>(), out.mutable_data<T>()); });
}

template <class Attrs, bool kLog>
void RunGrad(const CudaContext& context, const Attrs& attrs, const Tensor& out, const Tensor& d_out, Tensor& dx) {
  const AxisView view(out.dims(), NormalizeAxis(attrs.axis, out.rank()));
  VisitFloat(out.dtype(), [&]<class T>() {
    cuda::SoftmaxGrad(context, view, kLog, out.data<T>(), d_out.data<T>(), dx.mutable_data<T>());
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("softmax", Run<SoftmaxAttrs, false>),
    RegisterKernel("softmax_grad", RunGrad<SoftmaxAttrs, false>),
    RegisterKernel("log_softmax", Run<LogSoftmaxAttrs, true>),
    RegisterKernel("log_softmax_grad", RunGrad<LogSoftmaxAttrs, true>),
};

}  // namespace
}  // namespace paddle
