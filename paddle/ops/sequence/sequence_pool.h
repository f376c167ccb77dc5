#pragma once
// Attributes of sequence_pool.

#include <string>
#include <string_view>

#include "paddle/op/attributes.h"
#include "paddle/ops/sequence/pool.h"

namespace paddle {

struct SequencePoolAttrs {
  bool is_test = false;
  std::string pooltype = "AVERAGE";
  float pad_value = 0;

  static auto Fields() {
    using A = SequencePoolAttrs;
    return std::tuple{Field{"is_test", &A::is_test, "Has no influence: MaxIndex is filled where something reads it."},
                      Field{"pooltype", &A::pooltype,
                            "AVERAGE: mean of the rows; SUM; SQRT: sum divided by the square root of the length; MAX: "
                            "the largest of each "
                            "column; LAST, FIRST: that row."},
                      Field{"pad_value", &A::pad_value, "What the row of an empty sequence is filled with."}};
  }
};

inline Pool ToPool(std::string_view name) {
  if (name == "AVERAGE") return Pool::kAverage;
  if (name == "SUM") return Pool::kSum;
  if (name == "SQRT") return Pool::kSqrt;
  if (name == "MAX") return Pool::kMax;
  if (name == "LAST") return Pool::kLast;
  if (name == "FIRST") return Pool::kFirst;
  throw InvalidArgument(StrCat("pooltype is '", name, "'; expected AVERAGE, SUM, SQRT, MAX, LAST or FIRST"));
}

}  // namespace paddle
