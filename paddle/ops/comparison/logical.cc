// logical_{and,or,xor,not}.

#include <functional>

#include "paddle/math/binary.h"
#include "paddle/ops/elementwise/elementwise.h"

namespace paddle {
namespace {

constexpr DTypeSet kBools{DType::kBool};

void InferBinary(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kBools);
  InferBroadcast({}, context, DType::kBool);
}

void InferNot(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kBools);
  context.CopyMeta("X", "Out");
}

template <class F>
void Binary(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& y, Tensor& out) {
  static constexpr math::BinaryRows kRows = math::MakeBinaryRows<F, bool, bool>();
  math::RunBinary(kRows, x.dims(), y.dims(), -1, x.data<bool>(), y.data<bool>(), out.mutable_data<bool>());
}

void Not(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  math::Map(std::logical_not<>(), x.data<bool>(), out.mutable_data<bool>(), x.numel());
}

template <class F>
Registered Register(std::string_view name, std::string_view doc) {
  RegisterOp<NoAttrs>({.name = name,
                       .doc = doc,
                       .inputs = {{"X", "bool, of any shape.", kNoGradient},
                                  {"Y", "bool; its shape fits X's last axes, sizes of 1 stretch.", kNoGradient}},
                       .outputs = {{"Out", "bool, of the broadcast shape, with X's LoD."}},
                       .infer = InferBinary,
                       .may_share = {{"Out", "X"}, {"Out", "Y"}}});
  return RegisterKernel(name, Binary<F>);
}

[[maybe_unused]] const Registered kOps[] = {
    Register<std::logical_and<>>("logical_and", "Out = X and Y element by element, with broadcasting."),
    Register<std::logical_or<>>("logical_or", "Out = X or Y element by element, with broadcasting."),
    Register<std::not_equal_to<>>("logical_xor", "Out = X or Y, but not both, element by element, with broadcasting."),
    RegisterOp<NoAttrs>({.name = "logical_not",
                         .doc = "Out = not X, element by element.",
                         .inputs = {{"X", "bool, of any shape.", kNoGradient}},
                         .outputs = {{"Out", "bool, of X's shape and LoD."}},
                         .infer = InferNot,
                         .may_share = {{"Out", "X"}}}),
    RegisterKernel("logical_not", Not),
};

}  // namespace
}  // namespace paddle
