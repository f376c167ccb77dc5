// Sums of a parameter over a sliding window of updates, from which ModelAverage makes the mean.

#include <algorithm>
#include <cmath>
#include <limits>

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

// After so many updates a sum is added to the next one: the rounding error stays small.
constexpr int64_t kUpdatesPerSum = 16384;

struct AverageAttrs {
  float average_window = 0;
  int64_t max_average_window = 0;
  int64_t min_average_window = 10000;
  static auto Fields() {
    using A = AverageAttrs;
    return std::tuple{
        Field{"average_window", &A::average_window, "The window's length as a share of the number of updates."},
        Field{"max_average_window", &A::max_average_window, "The longest window, in updates.", Presence::kRequired},
        Field{"min_average_window", &A::min_average_window, "The shortest window, in updates."}};
  }
};

constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
    {"out_sum_1", "in_sum_1"},
    {"out_sum_2", "in_sum_2"},
    {"out_sum_3", "in_sum_3"},
    {"out_num_accumulates", "in_num_accumulates"},
    {"out_old_num_accumulates", "in_old_num_accumulates"},
    {"out_num_updates", "in_num_updates"}};

void Infer(const AverageAttrs& attrs, InferContext& context) {
  context.CheckDType("param", kFloats);
  Require(attrs.min_average_window <= attrs.max_average_window, "min_average_window is ", attrs.min_average_window,
          " and max_average_window ", attrs.max_average_window, "; expected min <= max");
  for (const std::string_view slot : {"in_sum_1", "in_sum_2", "in_sum_3"}) {
    context.CheckSameDims("param", slot);
    context.CheckSameDType("param", slot);
  }
  for (const std::string_view slot : {"in_num_accumulates", "in_old_num_accumulates", "in_num_updates"}) {
    context.CheckDType(slot, {DType::kInt64});
    Require(SizesAgree(context.In(slot).numel(), 1), slot, " has shape ", context.In(slot).dims,
            "; expected one integer");
  }
  for (const auto& [output, input] : kPairs) context.CopyMeta(input, output);
}

void Accumulate(const CpuContext&, const AverageAttrs& attrs, const Tensor& param, const Tensor&, const Tensor&,
                const Tensor&, const Tensor&, const Tensor&, const Tensor&, Tensor& sum_1, Tensor& sum_2, Tensor& sum_3,
                Tensor& num_accumulates, Tensor& old_num_accumulates, Tensor& num_updates) {
  int64_t &accumulates = *num_accumulates.mutable_data<int64_t>(), &updates = *num_updates.mutable_data<int64_t>();
  for (const int64_t count : {accumulates, updates})
    Require(count >= 0 && count < std::numeric_limits<int64_t>::max(), "a number of updates is ", count,
            "; expected 0 or more");
  ++updates;
  ++accumulates;
  const double share = std::trunc(static_cast<float>(updates) * attrs.average_window);
  const bool full = accumulates >= attrs.min_average_window &&
                    static_cast<double>(accumulates) >= std::min(static_cast<double>(attrs.max_average_window), share);
  const bool carry = updates % kUpdatesPerSum == 0;
  VisitFloat(param.dtype(), [&]<class T>() {
    const T* p = param.data<T>();
    T *one = sum_1.mutable_data<T>(), *two = sum_2.mutable_data<T>(), *three = sum_3.mutable_data<T>();
    ForEachElement(param.numel(), [=](int64_t i) {
      one[i] += p[i];
      if (!full && !carry) return;
      two[i] += one[i];
      one[i] = T(0);
      if (!full) return;
      three[i] = two[i];
      two[i] = T(0);
    });
  });
  if (!full) return;
  *old_num_accumulates.mutable_data<int64_t>() = accumulates;
  accumulates = 0;
}

OpSpec<AverageAttrs> Spec() {
  OpSpec<AverageAttrs> spec{
      .name = "average_accumulates",
      .doc =
          "Adds param to out_sum_1; after 16384 updates that sum goes on to out_sum_2; when the window is full, both "
          "become out_sum_3 and a new window begins. The mean of the parameter is the sum of all three over "
          "out_num_accumulates + out_old_num_accumulates.",
      .inputs = {{"param", "The parameter.", kNoGradient},
                 {"in_sum_1", "Sum of the latest values.", kNoGradient},
                 {"in_sum_2", "Sum of the earlier values of this window.", kNoGradient},
                 {"in_sum_3", "Sum of the last window.", kNoGradient},
                 {"in_num_accumulates", "Number of values in this window, int64[1].", kNoGradient},
                 {"in_old_num_accumulates", "Number of values in the last window, int64[1].", kNoGradient},
                 {"in_num_updates", "Number of updates so far, int64[1].", kNoGradient}},
      .outputs = {},
      .infer = Infer};
  for (const auto& [output, input] : kPairs) {
    spec.outputs.push_back({output, "The input of that name, updated in place."});
    spec.must_share.push_back({output, input});
  }
  return spec;
}

[[maybe_unused]] const Registered kOps[] = {RegisterOp(Spec()), RegisterKernel("average_accumulates", Accumulate)};

}  // namespace
}  // namespace paddle
