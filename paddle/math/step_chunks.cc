#include "paddle/math/step_chunks.h"

#include <algorithm>

#include "paddle/math/sequence_batch.h"

namespace paddle {
namespace {

// Rows that a chunk is filled up to: enough for fast products, and a small part of the batch.
int64_t WantedRows(const Lod& lod) {
  constexpr int64_t kRows = 512, kLeastChunks = 8;
  return std::min(kRows, (lod.rows() + kLeastChunks - 1) / kLeastChunks);
}

}  // namespace

std::vector<int64_t> ChunkSteps(const Lod& lod) {
  const SequenceShare all(lod, false);
  const int64_t wanted = WantedRows(lod);
  std::vector<int64_t> begins{0};
  int64_t running = all.size(), rows = 0;
  for (int64_t t = 0; t < all.longest(); ++t) {
    running = all.Running(t, running);
    if (rows > 0 && rows + running > wanted) {
      begins.push_back(t);
      rows = 0;
    }
    rows += running;
  }
  if (all.longest() > 0) begins.push_back(all.longest());
  return begins;
}

int64_t MostChunkRows(const Lod& lod) { return std::max(WantedRows(lod), std::min(lod.rows(), lod.last_sequences())); }

StepChunk::StepChunk(const Lod& whole, bool reverse, int64_t begin, int64_t end) : reverse_(reverse) {
  const auto offsets = whole.last();
  std::vector<int64_t> own{0};
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const int64_t from = std::min(offsets[s] + begin, offsets[s + 1]), to = std::min(offsets[s] + end, offsets[s + 1]);
    // Counted from the other end in a reversed batch.
    const int64_t shift = reverse ? offsets[s] + offsets[s + 1] - from - to : 0;
    for (int64_t row = from + shift; row < to + shift; ++row) {
      const bool first = row == (reverse ? offsets[s + 1] - 1 : offsets[s]);
      place_.push_back(row);
      before_.push_back(first ? -1 - static_cast<int64_t>(s) : reverse ? row + 1 : row - 1);
    }
    own.push_back(static_cast<int64_t>(place_.size()));
  }
  lod_ = Lod::FromOffsets({std::move(own)});
}

Lod StepChunk::SingleRows() const {
  std::vector<int64_t> offsets(rows() + 1);
  for (int64_t i = 0; i <= rows(); ++i) offsets[i] = i;
  return Lod::FromOffsets({std::move(offsets)});
}

}  // namespace paddle
