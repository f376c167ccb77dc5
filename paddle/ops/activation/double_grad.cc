#include "paddle/ops/activation/double_grad.h"

#include "paddle/math/map.h"

namespace paddle {
namespace {

using Relu = PlainActivation<math::Relu>;

const SlotSpec kDdx{"DDX", "Gradient of X@GRAD."};
const SlotSpec kDdout{"DDOut", "Gradient of Out@GRAD.", kOptional};

void CopyDdx(std::initializer_list<std::string_view> same, std::initializer_list<std::string_view> outputs,
             InferContext& context) {
  context.CheckDType("DDX", kFloats);
  for (const auto slot : same) {
    context.CheckSameDType("DDX", slot);
    context.CheckSameDims("DDX", slot);
  }
  for (const auto slot : outputs) context.CopyMeta("DDX", slot);
}

template <class F>
void InferPiecewiseLinear(const F&, InferContext& context) {
  CopyDdx({"Out"}, {"DDOut"}, context);
}

template <class F>
void PiecewiseLinear(const CpuContext&, const F& f, const Tensor& ddx, const Tensor& out, Tensor* ddout) {
  if (!ddout) return;
  VisitFloat(ddx.dtype(), [&]<class T>() {
    math::Map([f](T o, T d) { return f.Grad(o, d); }, out.data<T>(), ddx.data<T>(), ddout->mutable_data<T>(),
              ddx.numel());
  });
}

template <class F>
OpSpec<F> PiecewiseLinearSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {kDdx, {"Out", "Output of the op."}},
          .outputs = {kDdout},
          .infer = InferPiecewiseLinear<F>,
          .may_share = {{"DDOut", "DDX"}}};
}

const Registered kRelu = RegisterOp(
    PiecewiseLinearSpec<Relu>("relu_grad_grad", "The gradient of relu_grad: DDOut = DDX where Out > 0, else 0."));
const Registered kReluCpu = RegisterKernel("relu_grad_grad", PiecewiseLinear<Relu>);
const Registered kLeakyRelu = RegisterOp(PiecewiseLinearSpec<LeakyReluAttrs>(
    "leaky_relu_grad_grad", "The gradient of leaky_relu_grad: DDOut = DDX where Out > 0, else alpha * DDX."));
const Registered kLeakyReluCpu = RegisterKernel("leaky_relu_grad_grad", PiecewiseLinear<LeakyReluAttrs>);

template <class F>
void InferCurved(const F&, InferContext& context) {
  CopyDdx({"DOut", "X"}, {"DDOut", "DX"}, context);
}

template <class F>
void Curved(const CpuContext&, const F& f, const Tensor& ddx, const Tensor& dout, const Tensor& x, Tensor* ddout,
            Tensor* dx) {
  VisitFloat(ddx.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *pdout = dout.data<T>(), *pddx = ddx.data<T>();
    T* pddout = ddout ? ddout->mutable_data<T>() : nullptr;
    T* pdx = dx ? dx->mutable_data<T>() : nullptr;
    ParallelFor(ddx.numel(), math::kCostlyGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T curvature = Second(f, px[i], pdout[i] * pddx[i]);
        const T slope = f.Grad(px[i], pddx[i]);
        if (pdx) pdx[i] = curvature;
        if (pddout) pddout[i] = slope;
      }
    });
  });
}

template <class F>
OpSpec<F> CurvedSpec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {kDdx, {"DOut", "Gradient of Out."}, {"X", "Input of the op."}},
          .outputs = {kDdout, {"DX", "Gradient of X.", kOptional}},
          .infer = InferCurved<F>};
}

const Registered kSquare = RegisterOp(
    CurvedSpec<PlainSquare>("square_grad_grad", "The gradient of square_grad: DDOut = 2 X DDX, DX = 2 DOut DDX."));
const Registered kSquareCpu = RegisterKernel("square_grad_grad", Curved<PlainSquare>);
const Registered kElu = RegisterOp(CurvedSpec<EluAttrs>("elu_grad_grad",
                                                        "The gradient of elu_grad: DDOut = elu'(X) DDX, DX = elu''(X) "
                                                        "DOut DDX; elu'' is alpha exp(X) for X <= 0, else 0."));
const Registered kEluCpu = RegisterKernel("elu_grad_grad", Curved<EluAttrs>);

void InferSqrt(const PlainSqrt&, InferContext& context) { CopyDdx({"DX", "Out"}, {"DDOut", "DOut"}, context); }

void SqrtKernel(const CpuContext&, const PlainSqrt&, const Tensor& ddx, const Tensor& dx, const Tensor& out,
                Tensor* ddout, Tensor* dout) {
  VisitFloat(ddx.dtype(), [&]<class T>() {
    const T *pdx = dx.data<T>(), *pout = out.data<T>(), *pddx = ddx.data<T>();
    T* pddout = ddout ? ddout->mutable_data<T>() : nullptr;
    T* pdout = dout ? dout->mutable_data<T>() : nullptr;
    ParallelFor(ddx.numel(), math::kCostlyGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto grads = SqrtGradGrads(pddx[i], pdx[i], pout[i]);
        if (pdout) pdout[i] = grads.dout;
        if (pddout) pddout[i] = grads.ddout;
      }
    });
  });
}

const Registered kSqrt = RegisterOp<PlainSqrt>(
    {.name = "sqrt_grad_grad",
     .doc = "The gradient of sqrt_grad: DDOut = DDX / (2 Out), DOut = -DX DDX / Out.",
     .inputs = {kDdx, {"DX", "Gradient of X, as sqrt_grad computed it."}, {"Out", "Output of the op."}},
     .outputs = {kDdout, {"DOut", "Gradient of Out.", kOptional}},
     .infer = InferSqrt});
const Registered kSqrtCpu = RegisterKernel("sqrt_grad_grad", SqrtKernel);

}  // namespace
}  // namespace paddle
