#pragma once
// The attributes that every op carries, for an op that takes the place of another.

#include "paddle/program/program.h"

namespace paddle {

// Role and user's line among them: errors of `to` name the line that made `from`.
inline void CopyCommonAttrs(const OpDesc& from, OpDesc* to) {
  for (const auto& [name, value] : from.attrs())
    if (IsCommonAttr(name)) to->SetAttr(name, value);
}

}  // namespace paddle
