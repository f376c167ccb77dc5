// isfinite, isinf, isnan: what is among a tensor's elements.

#include <atomic>
#include <cmath>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr DTypeSet kTypes{DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16,
                          DType::kInt32,   DType::kInt64,   DType::kBool};

void Infer(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kTypes);
  context.SetOut("Out", {1}, DType::kBool);
}

struct IsInf {
  template <class T>
  bool operator()(T x) const {
    return std::isinf(x);
  }
};
struct IsNan {
  template <class T>
  bool operator()(T x) const {
    return std::isnan(x);
  }
};
struct IsOdd {  // either of them
  template <class T>
  bool operator()(T x) const {
    return !std::isfinite(x);
  }
};

// Whether f holds for any element; of integers it holds for none.
template <class F>
bool Any(const Tensor& x) {
  std::atomic<bool> found = false;
  VisitAny(x.dtype(), [&]<class T>() {
    if constexpr (!std::is_integral_v<T>) {
      using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
      const T* data = x.data<T>();
      ParallelFor(x.numel(), 32 * 1024, [&, data](int64_t begin, int64_t end) {
        bool any = false;
        for (int64_t i = begin; i < end; ++i) any |= F()(static_cast<Wide>(data[i]));
        if (any) found = true;
      });
    }
  });
  return found;
}

template <class F, bool kFound>
void Dense(const CpuContext&, const NoAttrs&, const Tensor& x, Tensor& out) {
  *out.mutable_data<bool>() = Any<F>(x) == kFound;
}

template <class F, bool kFound>
void Sparse(const CpuContext&, const NoAttrs&, const SelectedRows& x, Tensor& out) {
  *out.mutable_data<bool>() = Any<F>(x.value) == kFound;
}

template <class F, bool kFound>
Registered Register(std::string_view name, std::string_view doc) {
  RegisterOp<NoAttrs>({.name = name,
                       .doc = doc,
                       .inputs = {{"X", "Tensor of any shape, or sparse rows.", kNoGradient}},
                       .outputs = {{"Out", "bool[1]."}},
                       .infer = Infer});
  RegisterKernel(name, Dense<F, kFound>);
  return RegisterKernel(name, Sparse<F, kFound>);
}

[[maybe_unused]] const Registered kOps[] = {
    Register<IsOdd, false>("isfinite", "Out = whether all elements of X are finite: no infinity and no NaN."),
    Register<IsInf, true>("isinf", "Out = whether any element of X is infinite."),
    Register<IsNan, true>("isnan", "Out = whether any element of X is NaN."),
};

}  // namespace
}  // namespace paddle
