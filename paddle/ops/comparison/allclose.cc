#include <atomic>
#include <cmath>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct AllcloseAttrs {
  float rtol = 1e-5f;
  float atol = 1e-8f;
  bool equal_nan = false;
  static auto Fields() {
    using A = AllcloseAttrs;
    return std::tuple{Field{"rtol", &A::rtol, "The difference allowed, as a share of Other's magnitude."},
                      Field{"atol", &A::atol, "The difference allowed anyway; both add up."},
                      Field{"equal_nan", &A::equal_nan, "Whether two NaN count as equal."}};
  }
};

void Infer(const AllcloseAttrs&, InferContext& context) {
  context.CheckDType("Input", kFloats);
  context.CheckSameDType("Input", "Other");
  context.CheckSameDims("Input", "Other");
  context.SetOut("Out", {1}, DType::kBool);
}

void Allclose(const CpuContext&, const AllcloseAttrs& attrs, const Tensor& input, const Tensor& other, Tensor& out) {
  std::atomic<bool> all = true;
  VisitFloat(input.dtype(), [&]<class T>() {
    const T *a = input.data<T>(), *b = other.data<T>(), rtol = attrs.rtol, atol = attrs.atol;
    ParallelFor(input.numel(), 16 * 1024, [&, a, b](int64_t begin, int64_t end) {
      bool close = true;
      for (int64_t i = begin; i < end; ++i) {
        const bool near = std::isfinite(b[i]) && std::abs(a[i] - b[i]) <= atol + rtol * std::abs(b[i]);
        close &= near || a[i] == b[i] || (attrs.equal_nan && std::isnan(a[i]) && std::isnan(b[i]));
      }
      if (!close) all = false;
    });
  });
  *out.mutable_data<bool>() = all;
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<AllcloseAttrs>(
        {.name = "allclose",
         .doc = "Out = whether |Input - Other| <= atol + rtol |Other| for all elements. An infinity is close to itself "
                "alone.",
         .inputs = {{"Input", "Tensor of any shape.", kNoGradient},
                    {"Other", "Tensor of Input's shape and element type.", kNoGradient}},
         .outputs = {{"Out", "bool[1]."}},
         .infer = Infer}),
    RegisterKernel("allclose", Allclose),
};

}  // namespace
}  // namespace paddle
