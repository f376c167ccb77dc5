#pragma once
// The checks of ids that number the rows of a table W.

#include "paddle/base/errors.h"
#include "paddle/tensor/dims.h"

namespace paddle {

// What is wrong with an id, Ids[at], that is not the number of a row.
inline std::string NoSuchRow(int64_t at, int64_t id, int64_t height) {
  return StrCat("Ids[", at, "] is ", id, ", but W has ", height, " rows; expected 0 <= id < ", height);
}

// The id; throws InvalidArgument unless it is the number of a row.
inline int64_t CheckId(int64_t id, int64_t height, int64_t at) {
  if (id < 0 || id >= height) [[unlikely]]
    throw InvalidArgument(NoSuchRow(at, id, height));
  return id;
}

inline void CheckPadding(int64_t padding_idx, const Dims& w) {
  Require(padding_idx >= -1 && (w[0] < 0 || padding_idx < w[0]), "padding_idx is ", padding_idx, ", but W ", w, " has ",
          w[0], " rows; expected -1 for none, or 0 <= padding_idx < ", w[0]);
}

}  // namespace paddle
