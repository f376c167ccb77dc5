#pragma once
// Checkpoints: what lies between them is not kept for the backward pass but computed again there, which saves memory
// (Chen et al., 2016, "Training Deep Nets with Sublinear Memory Cost").

#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// Ops from `begin` up to `end` of a block. In front of their gradients `ops` compute again what those read, under the
// names in `renames`.
struct Segment {
  size_t begin = 0, end = 0;
  std::vector<OpDesc> ops;
  std::vector<size_t> sources;  // the positions of the ops that `ops` repeat
  std::map<std::string, std::string> renames;
};

// Makes the random ops of the path that can take their seed from a variable do so, from an op `seed` in front of each,
// so that they repeat themselves. Returns whether the block was changed; the path is another one then.
bool FixSeeds(BlockDesc* block, const std::vector<bool>& path);

// The segments that the checkpoints cut the path into, the last one (it is differentiated first) in front. Ops behind
// the last checkpoint are in none; checkpoints that no op of the path computes cut nothing.
std::vector<Segment> CutIntoSegments(const BlockDesc& block, const std::vector<bool>& path,
                                     const std::vector<std::string>& checkpoints);

}  // namespace paddle
