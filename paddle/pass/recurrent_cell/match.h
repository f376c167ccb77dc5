#pragma once
// Cells among the values that the step of a loop computes.

#include <string>
#include <utility>
#include <vector>

#include "paddle/pass/recurrent_cell/body.h"

namespace paddle::recurrent_cell {

// Part of a matrix, or of a vector, which counts as a matrix of one row.
struct Piece {
  std::string name;
  Interval rows, columns;
  View view = View::kAll;
};

// What goes into a gate before its activation: sums of products, vectors and a number.
struct Gate {
  std::vector<std::pair<int, Piece>> products;      // of a step input, by number, and a matrix
  std::vector<std::pair<int, Interval>> projected;  // columns of a step input that are added as they are
  Piece recurrent;                                  // multiplied by the state before, for a GRU's candidate r times it
  std::vector<Piece> biases;
  double constant = 0;
};

struct Cell {
  bool lstm = false;
  int64_t width = 0;             // of the states
  int hidden = 0, memory = -1;   // states, by number; only an LSTM has a memory, its c
  std::vector<Gate> gates = {};  // in the order of the ops: c~, i, f, o of lstm, u, r, c~ of gru
  std::string candidate_activation = {}, cell_activation = {};
  bool origin_mode = false;            // of gru
  std::vector<int> output_state = {};  // which state each output of the loop is
};

// Throws InvalidArgument that says why the loop computes none.
Cell Match(const Loop& loop, const Body& body, Algebra* algebra);

}  // namespace paddle::recurrent_cell
