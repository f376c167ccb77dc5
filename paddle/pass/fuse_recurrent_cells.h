#pragma once
// Replaces loops over textbook cells by the ops lstm and gru.

#include <string>
#include <vector>

#include "paddle/device/place.h"
#include "paddle/program/program.h"

namespace paddle {

// Replaces each loop of block 0 (`while` as DynamicRNN writes it, `recurrent`) whose step is that of an LSTM or a GRU,
// and its gradient, by the ops that compute all steps at once. `outside`: the variables that are fed and fetched.
// Returns a line for each such loop, and for each other loop over sequences one that says why it stays.
std::vector<std::string> FuseRecurrentCells(ProgramDesc* program, const std::vector<std::string>& outside,
                                            DeviceType device);

}  // namespace paddle
