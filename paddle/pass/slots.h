#pragma once
// What a pass reads of the slots of an op.

#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// The name in a slot; empty where there is none, or more than one.
inline const std::string& One(const std::vector<std::string>& names) {
  static const std::string kNone;
  return names.size() == 1 && names[0] != kEmptyName ? names[0] : kNone;
}

}  // namespace paddle
