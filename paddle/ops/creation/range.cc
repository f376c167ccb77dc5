// Evenly spaced numbers: range and linspace.

#include <algorithm>
#include <cmath>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

void CheckOne(const InferContext& context, std::string_view slot) {
  const Dims& dims = context.In(slot).dims;
  Require(SizesAgree(dims.numel(), 1), slot, " has shape ", dims, "; expected one element");
}

constexpr int64_t kMostNumbers = int64_t{1} << 53;

template <class T>
int64_t RangeSize(T start, T end, T step) {
  Require(step != T(0), "Step is 0; expected another number");
  Require(start == end || (start < end) == (step > T(0)), "Step ", step, " does not lead from Start ", start,
          " to End ", end, "; expected a ", start < end ? "positive" : "negative", " one");
  if constexpr (std::is_floating_point_v<T>) {
    const T size = std::ceil(std::abs((end - start) / step));
    Require(size <= static_cast<T>(kMostNumbers), "there are ", size, " numbers from Start ", start, " to End ", end,
            " in steps of ", step, "; a tensor holds at most 2^53");
    return static_cast<int64_t>(size);
  } else {
    // Unsigned: the distance between any two integers fits.
    const auto a = static_cast<uint64_t>(start), b = static_cast<uint64_t>(end), s = static_cast<uint64_t>(step);
    const uint64_t distance = start < end ? b - a : a - b, stride = step > 0 ? s : 0 - s;
    const uint64_t size = distance / stride + (distance % stride != 0);
    Require(size <= kMostNumbers, "there are ", size, " numbers from Start ", start, " to End ", end, " in steps of ",
            step, "; a tensor holds at most 2^53");
    return static_cast<int64_t>(size);
  }
}

void InferRange(const NoAttrs&, InferContext& context) {
  context.CheckDType("Start", kNumbers);
  context.CheckSameDType("Start", "End");
  context.CheckSameDType("Start", "Step");
  for (const std::string_view slot : {"Start", "End", "Step"}) CheckOne(context, slot);
  const DType dtype = context.In("Start").dtype;
  int64_t size = -1;
  if (!context.building())
    size = VisitNumber(dtype, [&]<class T>() {
      return RangeSize(*context.Value("Start")->data<T>(), *context.Value("End")->data<T>(),
                       *context.Value("Step")->data<T>());
    });
  context.SetOut("Out", {size}, dtype);
}

void Range(const CpuContext&, const NoAttrs&, const Tensor& start, const Tensor&, const Tensor& step, Tensor& out) {
  VisitNumber(out.dtype(), [&]<class T>() {
    // In double, or unsigned: there i times Step does not overflow.
    using Wide = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;
    const Wide first = static_cast<Wide>(*start.data<T>()), stride = static_cast<Wide>(*step.data<T>());
    T* data = out.mutable_data<T>();
    for (int64_t i = 0; i < out.numel(); ++i) data[i] = static_cast<T>(first + static_cast<Wide>(i) * stride);
  });
}

void InferLinspace(const NoAttrs&, InferContext& context) {
  context.CheckDType("Start", kFloats);
  context.CheckSameDType("Start", "Stop");
  context.CheckDType("Num", kIndices);
  for (const std::string_view slot : {"Start", "Stop", "Num"}) CheckOne(context, slot);
  const auto num = context.Values("Num");
  Require(!num || num->at(0) > 0, "Num is ", num ? num->at(0) : 0, "; expected 1 or more");
  context.SetOut("Out", {num ? num->at(0) : -1}, context.In("Start").dtype);
}

// From both ends, so that the last number is Stop itself.
void Linspace(const CpuContext&, const NoAttrs&, const Tensor& start, const Tensor& stop, const Tensor&, Tensor& out) {
  VisitFloat(out.dtype(), [&]<class T>() {
    const double first = *start.data<T>(), last = *stop.data<T>();
    const int64_t n = out.numel();
    const double step = (last - first) / static_cast<double>(std::max<int64_t>(n - 1, 1));
    T* data = out.mutable_data<T>();
    for (int64_t i = 0; i < n; ++i)
      data[i] = static_cast<T>(i == 0 || i < n / 2 ? first + static_cast<double>(i) * step
                                                   : last - static_cast<double>(n - 1 - i) * step);
  });
}

constexpr unsigned kNumber = kValue | kNoGradient;

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "range",
                         .doc = "Out = Start, Start + Step, ... as long as End is not reached.",
                         .inputs = {{"Start", "The first number, of shape [1].", kNumber},
                                    {"End", "The bound, not included, of shape [1].", kNumber},
                                    {"Step", "The distance, positive or negative, of shape [1].", kNumber}},
                         .outputs = {{"Out", "The numbers, of one axis; empty when Start is End."}},
                         .infer = InferRange}),
    RegisterKernel("range", Range),
    RegisterOp<NoAttrs>({.name = "linspace",
                         .doc = "Out = Num numbers at the same distance, from Start to Stop.",
                         .inputs = {{"Start", "The first number, of shape [1].", kNumber},
                                    {"Stop", "The last number, of shape [1].", kNumber},
                                    {"Num", "How many numbers, of shape [1].", kNumber}},
                         .outputs = {{"Out", "The numbers, [Num]; Start alone when Num is 1."}},
                         .infer = InferLinspace}),
    RegisterKernel("linspace", Linspace),
};

}  // namespace
}  // namespace paddle
