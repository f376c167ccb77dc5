#pragma once
// Attributes of softmax_with_cross_entropy.

#include "paddle/op/attributes.h"

namespace paddle {

struct SoftmaxWithCrossEntropyAttrs {
  bool soft_label = false;
  bool numeric_stable_mode = true;
  int32_t ignore_index = -100;
  int32_t axis = -1;

  static auto Fields() {
    using A = SoftmaxWithCrossEntropyAttrs;
    return std::tuple{Field{"soft_label", &A::soft_label, "Whether Label holds a distribution instead of a class."},
                      Field{"numeric_stable_mode", &A::numeric_stable_mode,
                            "Has no influence: the computation is always the stable one."},
                      Field{"ignore_index", &A::ignore_index, "Places of this class have no loss and no gradient."},
                      Field{"axis", &A::axis, "The dimension of the classes; negative counts from the last."}};
  }
};

}  // namespace paddle
