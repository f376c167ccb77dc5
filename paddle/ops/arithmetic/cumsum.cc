#include "paddle/math/axis_view.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct CumsumAttrs {
  int32_t axis = -1;
  bool exclusive = false;
  bool reverse = false;
  static auto Fields() {
    using A = CumsumAttrs;
    return std::tuple{Field{"axis", &A::axis, "The axis to sum along; negative ones count from the last."},
                      Field{"exclusive", &A::exclusive, "Whether an element itself is left out of its sum."},
                      Field{"reverse", &A::reverse, "Whether the sums begin at the end of the axis."}};
  }
};

void Infer(const CumsumAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  NormalizeAxis(attrs.axis, context.In("X").rank());
  context.CopyMeta("X", "Out");
}

void Cumsum(const CpuContext&, const CumsumAttrs& attrs, const Tensor& x, Tensor& out) {
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  const bool exclusive = attrs.exclusive, reverse = attrs.reverse;
  VisitNumber(x.dtype(), [&]<class T>() {
    // Integers wrap around.
    using Sum = typename std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;
    const T* px = x.data<T>();
    T* pout = out.mutable_data<T>();
    ForEachLine(view, 16 * 1024, [=](int64_t, int64_t begin) {
      const int64_t step = reverse ? -view.inner : view.inner;
      int64_t at = reverse ? begin + (view.size - 1) * view.inner : begin;
      Sum sum = 0;
      for (int64_t i = 0; i < view.size; ++i, at += step) {
        const Sum next = sum + static_cast<Sum>(px[at]);
        pout[at] = static_cast<T>(exclusive ? sum : next);
        sum = next;
      }
    });
  });
}

// An element went into the sums behind it: the gradient sums from the other end.
void Grad(const CumsumAttrs& attrs, GradContext& context) {
  CumsumAttrs turned = attrs;
  turned.reverse = !attrs.reverse;
  OpDesc& op = context.Emit("cumsum", turned);
  op.SetInput("X", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("X"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<CumsumAttrs>({.name = "cumsum",
                             .doc = "Out = the sum of all elements of X up to each, along an axis.",
                             .inputs = {{"X", "Tensor of rank 1 or more."}},
                             .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                             .infer = Infer,
                             .grad = Grad,
                             .may_share = {{"Out", "X"}}}),
    RegisterKernel("cumsum", Cumsum),
};

}  // namespace
}  // namespace paddle
