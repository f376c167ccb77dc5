#pragma once
// Attributes of lod_reset.

#include <vector>

#include "paddle/op/attributes.h"

namespace paddle {

struct LodResetAttrs {
  std::vector<int32_t> target_lod;
  bool append = false;

  static auto Fields() {
    using A = LodResetAttrs;
    return std::tuple{
        Field{"target_lod", &A::target_lod,
              "Offsets of one LoD level, from 0 to the number of rows; used where Y is not there."},
        Field{"append", &A::append, "Whether the new levels go behind X's own instead of replacing them."}};
  }
};

}  // namespace paddle
