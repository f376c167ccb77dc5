// elementwise_{add,sub,mul,div,max,min,pow,mod,floordiv} and their gradients.

#include "paddle/math/arithmetic.h"

#include "paddle/math/bfloat16.h"
#include "paddle/math/binary.h"
#include "paddle/ops/elementwise/elementwise.h"

namespace paddle {
namespace {

using math::Side;

void Infer(const ElementwiseAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  InferBroadcast(attrs, context, context.In("X").dtype);
}

void InferAdd(const ElementwiseAttrs& attrs, InferContext& context) {
  context.CheckDType("X", {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64, DType::kBFloat16});
  InferBroadcast(attrs, context, context.In("X").dtype);
}

void InferInteger(const ElementwiseAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kIndices);
  InferBroadcast(attrs, context, context.In("X").dtype);
}

// The processor traps when an integer is divided by zero.
template <class T>
void CheckDivisor(const Tensor& y) {
  const T* data = y.data<T>();
  const T* zero = std::find(data, data + y.numel(), T(0));
  Require(zero == data + y.numel(), "integer division by zero: element ", zero - data, " of Y is 0");
}

template <class F>
void Kernel(const CpuContext&, const ElementwiseAttrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  VisitNumber(x.dtype(), [&]<class T>() {
    if constexpr (std::is_integral_v<T> && (std::is_same_v<F, math::Divide> || std::is_same_v<F, math::Modulo>))
      CheckDivisor<T>(y);
    static constexpr math::BinaryRows kRows = math::MakeBinaryRows<F, T, T>();
    math::RunBinary(kRows, x.dims(), y.dims(), attrs.axis, x.data<T>(), y.data<T>(), out.mutable_data<T>());
  });
}

template <int kXStep, int kYStep>
void AddRow(const void* x, const void* y, void* out, int64_t n) {
  const auto *px = static_cast<const BFloat16*>(x), *py = static_cast<const BFloat16*>(y);
  auto* to = static_cast<BFloat16*>(out);
  math::RunSimd([=] {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) {
      const float a = px[i * kXStep], b = py[i * kYStep];
      to[i] = Kept<BFloat16>(a + b);
    }
  });
}

// Biases are added in mixed precision too.
void Add(const CpuContext& cpu, const ElementwiseAttrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  if (x.dtype() != DType::kBFloat16) return Kernel<math::Add>(cpu, attrs, x, y, out);
  static constexpr math::BinaryRows kRows{AddRow<1, 1>, AddRow<0, 1>, AddRow<1, 0>, sizeof(BFloat16), sizeof(BFloat16)};
  math::RunBinary(kRows, x.dims(), y.dims(), attrs.axis, x.raw(), y.raw(), out.mutable_raw());
}

void FloorDivide(const CpuContext&, const ElementwiseAttrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  VisitIndex(x.dtype(), [&]<class T>() {
    CheckDivisor<T>(y);
    static constexpr math::BinaryRows kRows = math::MakeBinaryRows<math::Divide, T, T>();
    math::RunBinary(kRows, x.dims(), y.dims(), attrs.axis, x.data<T>(), y.data<T>(), out.mutable_data<T>());
  });
}

// The gradient for one side; `Rows` computes it element by element (void: it is dout).
template <class Rows, class T>
void RunSide(Side side, int axis, const Dims& x_dims, const Dims& y_dims, const T* x, const T* y, const T* out,
             const T* dout, Tensor* d) {
  if (!d) return;
  static constexpr math::GradRows<T> kRows = [] {
    if constexpr (std::is_void_v<Rows>)
      return math::GradRows<T>{};
    else
      return math::MakeGradRows<Rows, T>();
  }();
  math::RunBinaryGrad(kRows, side, x_dims, y_dims, axis, x, y, out, dout, d->mutable_data<T>());
}

// X@GRAD may be Out@GRAD's memory, so it is written last.
template <class F>
void RunGrad(const ElementwiseAttrs& attrs, const Tensor* out, const Tensor& dout, const Tensor& x, const Tensor& y,
             Tensor* dx, Tensor* dy) {
  VisitNumber(dout.dtype(), [&]<class T>() {
    // What is not read is replaced by dout, which is large enough for any index.
    const T *pdout = dout.data<T>(), *pout = out ? out->data<T>() : pdout, *py = y.data<T>();
    const T* px = std::is_same_v<F, math::Divide> ? pdout : x.data<T>();
    RunSide<typename F::Dy>(Side::kY, attrs.axis, x.dims(), y.dims(), px, py, pout, pdout, dy);
    RunSide<typename F::Dx>(Side::kX, attrs.axis, x.dims(), y.dims(), px, py, pout, pdout, dx);
  });
}

template <class F>
void Grad(const CpuContext&, const ElementwiseAttrs& attrs, const Tensor& dout, const Tensor& x, const Tensor& y,
          Tensor* dx, Tensor* dy) {
  RunGrad<F>(attrs, nullptr, dout, x, y, dx, dy);
}

void DivideGrad(const CpuContext&, const ElementwiseAttrs& attrs, const Tensor& out, const Tensor& dout,
                const Tensor& x, const Tensor& y, Tensor* dx, Tensor* dy) {
  VisitNumber(y.dtype(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) CheckDivisor<T>(y);
  });
  RunGrad<math::Divide>(attrs, &out, dout, x, y, dx, dy);
}

struct Negate {
  template <class T>
  constexpr T operator()(T, T, T, T dout) const {
    return -dout;
  }
};

// Of add and sub: only the shapes of X and Y are read, so dout stands in for their bytes.
template <class Dy>
void LinearGrad(const CpuContext&, const ElementwiseAttrs& attrs, const Tensor& dout, const Tensor& x, const Tensor& y,
                Tensor* dx, Tensor* dy) {
  VisitNumber(dout.dtype(), [&]<class T>() {
    const T* d = dout.data<T>();
    RunSide<Dy>(Side::kY, attrs.axis, x.dims(), y.dims(), d, d, d, d, dy);
    RunSide<void>(Side::kX, attrs.axis, x.dims(), y.dims(), d, d, d, d, dx);
  });
}

void AddGrad(const CpuContext& cpu, const ElementwiseAttrs& attrs, const Tensor& dout, const Tensor& x, const Tensor& y,
             Tensor* dx, Tensor* dy) {
  if (dout.dtype() != DType::kBFloat16) return LinearGrad<void>(cpu, attrs, dout, x, y, dx, dy);
  const auto* d = dout.data<BFloat16>();
  RunSide<void>(Side::kY, attrs.axis, x.dims(), y.dims(), d, d, d, d, dy);
  RunSide<void>(Side::kX, attrs.axis, x.dims(), y.dims(), d, d, d, d, dx);
}

// A sparse X times one number.
void MultiplySparse(const CpuContext& cpu, const ElementwiseAttrs&, const SelectedRows& x, const Tensor& y,
                    SelectedRows& out) {
  Require(y.numel() == 1, "a sparse X can be multiplied by one number only, but Y has shape ", y.dims());
  out.Allocate(static_cast<int64_t>(x.rows.size()), cpu.allocator());
  std::copy(x.rows.begin(), x.rows.end(), out.rows.begin());
  VisitNumber(x.value.dtype(), [&]<class T>() {
    const T factor = *y.data<T>();
    math::Map([factor](T v) { return v * factor; }, x.value.data<T>(), out.value.mutable_data<T>(), x.value.numel());
  });
}

void InferMultiply(const ElementwiseAttrs& attrs, InferContext& context) {
  if (context.In("X").kind != VarKind::kSelectedRows) return Infer(attrs, context);
  context.CheckDType("X", kNumbers);
  context.CheckSameDType("X", "Y");
  const int64_t numel = context.In("Y").numel();
  Require(numel < 0 || numel == 1, "a sparse X can be multiplied by one number only, but Y has shape ",
          context.In("Y").dims);
  context.CopyMeta("X", "Out");
}

void InferGrad(const ElementwiseAttrs& attrs, InferContext& context) {
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckSameDType("Y", "Out@GRAD");
  const Dims dims = math::BroadcastDims(context.In("X").dims, context.In("Y").dims, attrs.axis);
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          "; expected ", dims, " as Out");
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}

OpSpec<ElementwiseAttrs> Forward(std::string_view name, std::string_view doc,
                                 void (*infer)(const ElementwiseAttrs&, InferContext&) = Infer) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"X", kBroadcastX}, {"Y", kBroadcastY}},
          .outputs = {{"Out", kBroadcastOut}},
          .infer = infer,
          .may_share = {{"Out", "X"}, {"Out", "Y"}}};
}

OpSpec<ElementwiseAttrs> Backward(std::string_view name, std::string_view doc, unsigned operand_flags = 0,
                                  void (*grad)(const ElementwiseAttrs&, GradContext&) = nullptr) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"Out@GRAD", "Gradient of Out."},
                     {"X", "First operand.", operand_flags},
                     {"Y", "Second operand.", operand_flags}},
          .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
          .infer = InferGrad,
          .grad = grad,
          .may_share = {{"X@GRAD", "Out@GRAD"}}};
}

// X@GRAD of elementwise_div_grad; where it is not wanted, the same quotient Out@GRAD / Y under a name of its own.
std::vector<std::string> DivideDx(const ElementwiseAttrs& attrs, GradContext& context) {
  const std::vector<std::string>& dx = context.Out("X@GRAD");
  if (!dx.empty() && dx.front() != kEmptyName) return dx;
  const std::string &dout = context.In("Out@GRAD").front(), &y = context.In("Y").front();
  OpDesc& op = context.Emit("elementwise_div", attrs);
  op.SetInput("X", {dout});
  op.SetInput("Y", {y});
  op.SetOutput("Out", {dout + "_over_" + y});
  return op.Output("Out");
}

// The gradients of the gradient ops: elementwise/double_grad.cc.
void DoubleGrad(const ElementwiseAttrs& attrs, GradContext& context) {
  const std::string& forward = context.forward().type();
  const bool multiply = forward == "elementwise_mul_grad", divide = forward == "elementwise_div_grad";
  const std::vector<std::string> dx = divide ? DivideDx(attrs, context) : std::vector<std::string>();
  OpDesc& op = context.Emit(forward + "_grad", attrs);
  op.SetInput("DDX", context.OutGrad("X@GRAD"));
  op.SetInput("DDY", context.OutGrad("Y@GRAD"));
  if (divide) {
    op.SetInput("DX", dx);
    op.SetInput("Out", context.In("Out"));
  } else {
    op.SetInput("DOut", context.In("Out@GRAD"));
  }
  if (multiply) op.SetInput("X", context.In("X"));
  op.SetInput("Y", context.In("Y"));
  op.SetOutput("DDOut", context.InGrad("Out@GRAD"));
  if (divide) op.SetOutput("DOut", context.InGrad("Out"));
  if (multiply) op.SetOutput("X@GRAD", context.InGrad("X"));
  if (multiply || divide) op.SetOutput("Y@GRAD", context.InGrad("Y"));
}

void InferDivideGrad(const ElementwiseAttrs& attrs, InferContext& context) {
  InferGrad(attrs, context);
  context.CheckSameDims("Out@GRAD", "Out");
  context.CheckSameDType("Out@GRAD", "Out");
}

OpSpec<ElementwiseAttrs> DivideBackward() {
  auto spec = Backward("elementwise_div_grad",
                       "X@GRAD = Out@GRAD / Y, Y@GRAD = -Out@GRAD Out / Y, summed over stretched axes.", 0, DoubleGrad);
  spec.inputs.insert(spec.inputs.begin(), {"Out", "X / Y."});
  spec.inputs[2].flags = kMetaOnly;
  spec.infer = InferDivideGrad;
  return spec;
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp(Forward("elementwise_add", "Out = X + Y with broadcasting.", InferAdd)),
    RegisterKernel("elementwise_add", Add),
    RegisterOp(Backward("elementwise_add_grad", "X@GRAD = Y@GRAD = Out@GRAD, summed over stretched axes.", kMetaOnly,
                        DoubleGrad)),
    RegisterKernel("elementwise_add_grad", AddGrad),

    RegisterOp(Forward("elementwise_sub", "Out = X - Y with broadcasting.")),
    RegisterKernel("elementwise_sub", Kernel<math::Subtract>),
    RegisterOp(Backward("elementwise_sub_grad", "X@GRAD = Out@GRAD, Y@GRAD = -Out@GRAD, summed over stretched axes.",
                        kMetaOnly, DoubleGrad)),
    RegisterKernel("elementwise_sub_grad", LinearGrad<Negate>),

    RegisterOp(Forward("elementwise_mul",
                       "Out = X * Y with broadcasting. A sparse X (SelectedRows) is taken where Y is one number.",
                       InferMultiply)),
    RegisterKernel("elementwise_mul", Kernel<math::Multiply>),
    RegisterKernel("elementwise_mul", MultiplySparse),
    RegisterOp(Backward("elementwise_mul_grad", "X@GRAD = Out@GRAD Y, Y@GRAD = Out@GRAD X, summed over stretched axes.",
                        0, DoubleGrad)),
    RegisterKernel("elementwise_mul_grad", Grad<math::Multiply>),

    RegisterOp(Forward("elementwise_div",
                       "Out = X / Y with broadcasting; integers are truncated towards 0, and a 0 in Y is an error.")),
    RegisterKernel("elementwise_div", Kernel<math::Divide>),
    RegisterOp(DivideBackward()),
    RegisterKernel("elementwise_div_grad", DivideGrad),

    RegisterOp(Forward("elementwise_max", "Out = max(X, Y) with broadcasting.")),
    RegisterKernel("elementwise_max", Kernel<math::Maximum>),
    RegisterOp(
        Backward("elementwise_max_grad", "Out@GRAD goes to X where X > Y, else to Y; summed over stretched axes.")),
    RegisterKernel("elementwise_max_grad", Grad<math::Maximum>),

    RegisterOp(Forward("elementwise_min", "Out = min(X, Y) with broadcasting.")),
    RegisterKernel("elementwise_min", Kernel<math::Minimum>),
    RegisterOp(
        Backward("elementwise_min_grad", "Out@GRAD goes to X where X < Y, else to Y; summed over stretched axes.")),
    RegisterKernel("elementwise_min_grad", Grad<math::Minimum>),

    RegisterOp(
        Forward("elementwise_pow", "Out = X ^ Y with broadcasting; integers are computed in float64 and truncated.")),
    RegisterKernel("elementwise_pow", Kernel<math::Power>),
    RegisterOp(Backward(
        "elementwise_pow_grad",
        "X@GRAD = Out@GRAD Y X^(Y-1), Y@GRAD = Out@GRAD log(X) X^Y (0 for X = 0, Y > 0), summed over stretched axes.")),
    RegisterKernel("elementwise_pow_grad", Grad<math::Power>),

    RegisterOp(Forward("elementwise_mod",
                       "Out = the remainder of X / Y with broadcasting. Floats: of floor division, with Y's sign; "
                       "integers: of truncated "
                       "division, with X's sign, and a 0 in Y is an error.")),
    RegisterKernel("elementwise_mod", Kernel<math::Modulo>),

    RegisterOp(Forward("elementwise_floordiv",
                       "Out = X / Y of integers with broadcasting, truncated towards 0; a 0 in Y is an error.",
                       InferInteger)),
    RegisterKernel("elementwise_floordiv", FloorDivide),
};

}  // namespace
}  // namespace paddle
