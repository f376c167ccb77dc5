#pragma once
// How much one task of ParallelFor is given, so that it is about 10 us of work.

#include <cstdint>

namespace paddle {

// Elements that cost little more than to read and write them; ops whose elements cost more have numbers of their own.
constexpr int64_t kCheapElementsPerTask = 16384;
// Bytes that are copied.
constexpr int64_t kBytesPerTask = 65536;

}  // namespace paddle
