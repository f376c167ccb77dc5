#pragma once
// Attributes of cross_entropy and cross_entropy2.

#include "paddle/op/attributes.h"

namespace paddle {

struct CrossEntropyAttrs {
  bool soft_label = false;
  int32_t ignore_index = -100;

  static auto Fields() {
    return std::tuple{
        Field{"soft_label", &CrossEntropyAttrs::soft_label, "Whether Label holds a distribution instead of a class."},
        Field{"ignore_index", &CrossEntropyAttrs::ignore_index, "Rows of this class have no loss and no gradient."}};
  }
};

struct CrossEntropy2Attrs {
  int32_t ignore_index = -100;

  static auto Fields() {
    return std::tuple{
        Field{"ignore_index", &CrossEntropy2Attrs::ignore_index, "Rows of this class have no loss and no gradient."}};
  }
};

}  // namespace paddle
