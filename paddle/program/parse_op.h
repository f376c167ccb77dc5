#pragma once
// One op from bytes; whole programs: ProgramDesc::Parse.

#include <string_view>

#include "paddle/program/program.h"

namespace paddle {

// What OpDesc::Serialize gave. Throws InvalidArgument when the bytes are no op.
OpDesc ParseOp(std::string_view bytes);

}  // namespace paddle
