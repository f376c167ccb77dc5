#pragma once
#include <string>

#include "paddle/runtime/frame.h"

namespace paddle {

// A plan for a person to read: passes, instructions with their values and lifetimes, places in memory.
std::string ToText(const Frame& frame);

}  // namespace paddle
