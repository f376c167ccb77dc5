// equal, not_equal, less_than, less_equal, greater_than, greater_equal.

#include <functional>

#include "paddle/math/binary.h"
#include "paddle/ops/elementwise/elementwise.h"

namespace paddle {
namespace {

struct ComparisonAttrs {
  int32_t axis = -1;
  bool force_cpu = false;
  static auto Fields() {
    return std::tuple{Field{"axis", &ComparisonAttrs::axis,
                            "The axis of the input of larger rank from which on the other's axes are laid against its "
                            "own; -1: the last ones."},
                      Field{"force_cpu", &ComparisonAttrs::force_cpu,
                            "Accepted and ignored: the planner knows where Out is needed."}};
  }
};

constexpr DTypeSet kComparable{DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64, DType::kBool};

void Infer(const ComparisonAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kComparable);
  InferBroadcast({attrs.axis}, context, DType::kBool);
}

template <class F, class T>
void Compare(const ComparisonAttrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  static constexpr math::BinaryRows kRows = math::MakeBinaryRows<F, T, bool>();
  math::RunBinary(kRows, x.dims(), y.dims(), attrs.axis, x.data<T>(), y.data<T>(), out.mutable_data<bool>());
}

template <class F>
void Kernel(const CpuContext&, const ComparisonAttrs& attrs, const Tensor& x, const Tensor& y, Tensor& out) {
  if (x.dtype() == DType::kBool) return Compare<F, bool>(attrs, x, y, out);
  VisitNumber(x.dtype(), [&]<class T>() { Compare<F, T>(attrs, x, y, out); });
}

template <class F>
Registered Register(std::string_view name, std::string_view doc) {
  RegisterOp<ComparisonAttrs>({.name = name,
                               .doc = doc,
                               .inputs = {{"X", kBroadcastX, kNoGradient}, {"Y", kBroadcastY, kNoGradient}},
                               .outputs = {{"Out", "bool, of the broadcast shape, with X's LoD."}},
                               .infer = Infer});
  return RegisterKernel(name, Kernel<F>);
}

[[maybe_unused]] const Registered kOps[] = {
    Register<std::equal_to<>>("equal", "Out = X == Y element by element, with broadcasting. NaN equals nothing."),
    Register<std::not_equal_to<>>("not_equal", "Out = X != Y element by element, with broadcasting."),
    Register<std::less<>>("less_than", "Out = X < Y element by element, with broadcasting."),
    Register<std::less_equal<>>("less_equal", "Out = X <= Y element by element, with broadcasting."),
    Register<std::greater<>>("greater_than", "Out = X > Y element by element, with broadcasting."),
    Register<std::greater_equal<>>("greater_equal", "Out = X >= Y element by element, with broadcasting."),
};

}  // namespace
}  // namespace paddle
