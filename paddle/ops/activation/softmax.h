#pragma once
// Attributes of softmax and log_softmax.

#include "paddle/op/attributes.h"

namespace paddle {

struct SoftmaxAttrs {
  int32_t axis = -1;
  std::string data_format = "AnyLayout";
  bool is_test = false;

  static auto Fields() {
    return std::tuple{
        Field{"axis", &SoftmaxAttrs::axis, "The dimension to normalise; negative counts from the last."},
        Field{"data_format", &SoftmaxAttrs::data_format, "Has no influence: any layout is taken as it is."},
        Field{"is_test", &SoftmaxAttrs::is_test,
              "Has no influence: the result is the same in training and inference."}};
  }
};

struct LogSoftmaxAttrs {
  int32_t axis = -1;

  static auto Fields() {
    return std::tuple{
        Field{"axis", &LogSoftmaxAttrs::axis, "The dimension to normalise; negative counts from the last."}};
  }
};

}  // namespace paddle
