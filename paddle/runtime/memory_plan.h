#pragma once
// Placement of a frame's values in one arena, by lifetime.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace paddle {

// A block of memory needed from instruction `first` to instruction `last`, both included.
struct Interval {
  int first = 0, last = 0;
  size_t bytes = 0;
  size_t offset = 0;  // set by PlaceIntervals
  int arena = 0;      // which of several it lies in
};

// Gives each interval of that arena an offset (aligned to 64) such that no two overlap in both time and memory.
// Returns the size of the arena. Large intervals are placed first, each as low as it fits.
size_t PlaceIntervals(std::vector<Interval>* intervals, int arena = 0);

}  // namespace paddle
