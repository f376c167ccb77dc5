#pragma once
// Lists of integers that an op takes as an attribute, as one tensor, or as one tensor an integer.

#include <algorithm>
#include <vector>

#include "paddle/op/registry.h"

namespace paddle {

// What an integer is while a program is built that will only be known when it runs.
inline constexpr int64_t kUnknownInteger = INT64_MIN;

// The integers while shapes are inferred: of the slot `each` where it names tensors, else of the tensor in `whole`,
// else of the attribute. While a program is built those in tensors are kUnknownInteger, `count` of them for `whole`.
inline std::vector<int64_t> InferIntegers(const InferContext& context, std::string_view whole, std::string_view each,
                                          const std::vector<int32_t>& attr, int count) {
  if (const int given = each.empty() ? 0 : context.Count(each); given > 0) {
    std::vector<int64_t> integers(given, kUnknownInteger);
    for (int i = 0; i < given; ++i) {
      context.CheckDType(each, kIndices, i);
      Require(SizesAgree(context.In(each, i).numel(), 1), each, '[', i, "] has shape ", context.In(each, i).dims,
              "; expected one integer");
      if (const auto values = context.Values(each, i)) integers[i] = std::max(values->at(0), kUnknownInteger + 1);
    }
    return integers;
  }
  if (context.Has(whole)) {
    context.CheckDType(whole, kIndices);
    context.CheckRank(whole, 1, 1);
    Require(SizesAgree(context.In(whole).dims[0], count), whole, " has shape ", context.In(whole).dims, "; expected ",
            count, " integers");
    auto values = context.Values(whole);
    if (!values) return std::vector<int64_t>(count, kUnknownInteger);
    for (int64_t& value : *values) value = std::max(value, kUnknownInteger + 1);
    return *std::move(values);
  }
  return {attr.begin(), attr.end()};
}

// The same in a kernel.
inline std::vector<int64_t> KernelIntegers(const Tensor* whole, Span<const Tensor> each,
                                           const std::vector<int32_t>& attr) {
  if (!each.empty()) {
    std::vector<int64_t> integers;
    for (const Tensor* tensor : each) integers.push_back(ToInt64s(*tensor).at(0));
    return integers;
  }
  if (whole) return ToInt64s(*whole);
  return {attr.begin(), attr.end()};
}

// The slots of such a list.
inline SlotSpec ListSlot(std::string_view name) {
  return {name, "One integer an axis, int32 or int64; goes before the attribute.", kOptional | kValue | kNoGradient};
}
inline SlotSpec EachSlot(std::string_view name) {
  return {name, "One tensor of one integer an axis; they go before the tensor of all.",
          kRepeated | kOptional | kValue | kNoGradient};
}

}  // namespace paddle
