#pragma once
// Attributes of dropout.

#include "paddle/op/attributes.h"

namespace paddle {

struct DropoutAttrs {
  float dropout_prob = 0.5f;
  bool is_test = false;
  bool fix_seed = false;
  int32_t seed = 0;
  std::string dropout_implementation = "downgrade_in_infer";

  static auto Fields() {
    using A = DropoutAttrs;
    return std::tuple{
        Field{"dropout_prob", &A::dropout_prob, "Probability of an element to be dropped."},
        Field{"is_test", &A::is_test, "Whether to compute what inference needs: nothing is dropped."},
        Field{"fix_seed", &A::fix_seed, "Whether every run drops the same elements, those of `seed`."},
        Field{"seed", &A::seed, "The seed with fix_seed."},
        Field{"dropout_implementation", &A::dropout_implementation,
              "downgrade_in_infer: elements kept stay as they are, and inference scales by 1 - dropout_prob. "
              "upscale_in_train: elements kept are divided by 1 - dropout_prob, and inference changes nothing."}};
  }
  bool upscale() const { return dropout_implementation == "upscale_in_train"; }
};

// What elements that are kept are multiplied by.
template <class T>
T KeptScale(const DropoutAttrs& attrs) {
  const T keep = 1 - static_cast<T>(attrs.dropout_prob);
  if (attrs.is_test) return attrs.upscale() ? T(1) : keep;
  if (!attrs.upscale()) return 1;
  return keep > 0 ? 1 / keep : T(0);
}

// Bits of an element below it: the element is dropped.
inline uint64_t DropThreshold(const DropoutAttrs& attrs) {
  return static_cast<uint64_t>(static_cast<double>(attrs.dropout_prob) * 0x1p32);
}

}  // namespace paddle
