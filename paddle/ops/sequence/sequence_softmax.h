#pragma once
// Attributes of sequence_softmax.

#include <string>

#include "paddle/op/attributes.h"

namespace paddle {

struct SequenceSoftmaxAttrs {
  std::string data_format = "AnyLayout";

  static auto Fields() {
    return std::tuple{
        Field{"data_format", &SequenceSoftmaxAttrs::data_format, "Has no influence: any layout is taken as it is."}};
  }
};

}  // namespace paddle
