#include <algorithm>

#include "paddle/math/cuda/gemm.h"
#include "paddle/op/registry.h"
#include "paddle/ops/linalg/matmul.h"

namespace paddle {
namespace {

using Gemm = cuda::PreparedGemm;

struct MatMulState {
  Gemm gemm;
  MatMulPlan plan;
  size_t scratch_bytes() const { return gemm.scratch_bytes(); }
};

MatMulState PrepareMatMul(const CudaContext& context, const MatMulAttrs& attrs, const OpMetas& metas) {
  const MatMulPlan plan = PlanMatMul(attrs, metas.In("X").dims, metas.In("Y").dims);
  return {Gemm(context, metas.In("X").dtype, plan.shape, attrs.alpha), plan};
}

void MatMul(const CudaContext& context, const MatMulAttrs&, MatMulState& state, Scratch scratch, const Tensor& x,
            const Tensor& y, Tensor& out) {
  const MatMulPlan& plan = state.plan;
  VisitFloat(x.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < plan.runs; ++i)
      state.gemm.Run(context, x.data<T>() + i * plan.step_x, y.data<T>() + i * plan.step_y,
                     out.mutable_data<T>() + i * plan.step_out, scratch.data);
  });
}

struct MatMulGradState {
  OperandGrad<Gemm> x, y;
  size_t scratch_bytes() const { return std::max(x.scratch_bytes(), y.scratch_bytes()); }
};

MatMulGradState PrepareMatMulGrad(const CudaContext& context, const MatMulAttrs& attrs, const OpMetas& metas) {
  const MatMulGradPlan plan = PlanMatMulGrad(attrs, metas.In("X").dims, metas.In("Y").dims);
  const auto make = [&](const GemmShape& shape, float alpha, float beta) {
    return Gemm(context, metas.In("X").dtype, shape, alpha, beta);
  };
  MatMulGradState state;
  if (metas.HasOut("X@GRAD")) state.x = {plan.x, attrs.alpha, make};
  if (metas.HasOut("Y@GRAD")) state.y = {plan.y, attrs.alpha, make};
  return state;
}

void MatMulGrad(const CudaContext& context, const MatMulAttrs& attrs, MatMulGradState& state, Scratch scratch,
                const Tensor& x, const Tensor& y, const Tensor& d_out, Tensor* dx, Tensor* dy) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *p = x.data<T>(), *q = y.data<T>(), *d = d_out.data<T>();
    const auto run = [&](T* to) {
      return [&, to](const Gemm& gemm, const T* a, const T* b) { gemm.Run(context, a, b, to, scratch.data); };
    };
    if (dx) state.x.ForEachProduct(attrs.transpose_X ? q : d, attrs.transpose_X ? d : q, run(dx->mutable_data<T>()));
    if (dy) state.y.ForEachProduct(attrs.transpose_Y ? d : p, attrs.transpose_Y ? p : d, run(dy->mutable_data<T>()));
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("matmul", PrepareMatMul, MatMul),
    RegisterKernel("matmul_grad", PrepareMatMulGrad, MatMulGrad),
};

}  // namespace
}  // namespace paddle
