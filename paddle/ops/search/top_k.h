#pragma once
// Attributes of top_k.

#include "paddle/op/attributes.h"

namespace paddle {

struct TopKAttrs {
  int32_t k = 1;
  static auto Fields() { return std::tuple{Field{"k", &TopKAttrs::k, "How many; the input K goes before it."}}; }
};

}  // namespace paddle
