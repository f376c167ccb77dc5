#pragma once
// What the ops share that make the input projection and the recurrent layer in one.

#include <initializer_list>

#include "paddle/op/check_dims.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {

// Where 1.8.5 may reorder the rows by step; here sequences are walked where they are.
inline constexpr std::string_view kNotReorderedDoc = "Empty: nothing is reordered.";
inline constexpr std::string_view kUseSeqDoc =
    "Once chose between two algorithms, sequence by sequence or step by step; the result is the same.";

// Throws unless WeightH is [D, gates D] of the element type of `typed`, and the `states`, where they are there, have a
// row of D for each sequence of `rows`. Returns D.
inline int64_t CheckRecurrent(const InferContext& context, std::string_view typed, std::string_view rows, int64_t gates,
                              std::initializer_list<std::string_view> states) {
  context.CheckDType(typed, kFloats);
  context.CheckSameDType(typed, "WeightH");
  context.CheckRank("WeightH", 2, 2);
  const int64_t units = context.In("WeightH").dims[0];
  CheckDims(context, "WeightH", {units, units < 0 ? -1 : gates * units});
  context.CheckRank(rows, 2, 2);
  if (!context.building()) RequireLod(context, rows);
  for (const auto slot : states) {
    context.CheckSameDType(typed, slot);
    CheckInitialShape(context, rows, slot, units);
  }
  return units;
}

// Throws unless WeightX [M, gates D] fits X [rows, M] and the units D.
inline void CheckProjection(const InferContext& context, int64_t gates, int64_t units) {
  context.CheckSameDType("X", "WeightX");
  CheckDims(context, "WeightX", {context.In("X").dims[1], units < 0 ? -1 : gates * units});
}

// XX [rows, width] of the element type of `typed`, grouped as `rows`; the other intermediate outputs stay empty.
inline void SetIntermediates(InferContext& context, std::string_view typed, std::string_view rows, int64_t width,
                             std::initializer_list<std::string_view> empty) {
  const DType dtype = context.In(typed).dtype;
  context.SetOut("XX", {context.In(rows).dims[0], width}, dtype);
  context.ShareLod(rows, "XX");
  for (const auto slot : empty) context.SetOut(slot, {0}, dtype);
}

}  // namespace paddle
