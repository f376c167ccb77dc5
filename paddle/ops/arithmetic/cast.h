#pragma once
// Attributes of cast.

#include "paddle/op/attributes.h"

namespace paddle {

struct CastAttrs {
  int32_t out_dtype = 5;
  int32_t in_dtype = 5;
  static auto Fields() {
    return std::tuple{Field{"out_dtype", &CastAttrs::out_dtype, "Element type of Out, by its number in Fluid's files.",
                            Presence::kRequired},
                      Field{"in_dtype", &CastAttrs::in_dtype, "Element type of X; that of the tensor itself counts.",
                            Presence::kRequired}};
  }
};

}  // namespace paddle
