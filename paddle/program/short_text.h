#pragma once
// Attribute values as errors show them.

#include <string>

#include "paddle/program/attribute.h"

namespace paddle {

// As ToText, but of long texts and lists only a part, and how much is left out.
std::string ToShortText(const AttrValue& value);

}  // namespace paddle
