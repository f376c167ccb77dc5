#pragma once
// Updates each parameter as soon as its gradient is there.

#include "paddle/program/program.h"

namespace paddle {

// Moves the optimizer's ops of block 0 forward, behind the last op that makes what they read or uses what they write:
// gradients of parameters then live one after another, not all at once until the end of the step. No op is moved across
// one that has an effect. Returns how many ops were moved.
int UpdateEarly(ProgramDesc* program);

}  // namespace paddle
