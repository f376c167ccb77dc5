#pragma once
// LoDs on the GPU: how kernels learn which rows form a sequence.

#include <cstdint>
#include <vector>

#include "paddle/device/cuda/context.h"
#include "paddle/tensor/lod.h"

namespace paddle::cuda {

// Integers of a LoD on the GPU. Held until the kernels that read them are started.
template <class T>
struct LodCopy {
  BufferPtr memory;
  const T* data() const { return reinterpret_cast<const T*>(memory->data()); }
};

// The last LoDs of a stream, copied to the GPU once each, and not again for another LoD of the same offsets.
class LodCopies {
 public:
  // lod.offsets(level), and lod.ByLength().
  LodCopy<int64_t> Offsets(const CudaContext& context, const Lod& lod, int level);
  LodCopy<int32_t> ByLength(const CudaContext& context, const Lod& lod);

 private:
  static constexpr size_t kMost = 16;
  static constexpr int kByLength = -1;
  struct Entry {
    Lod lod;
    int level;  // or kByLength
    BufferPtr memory;
  };

  // The copy's place, in front of all others; its memory is null when there was none.
  BufferPtr& Find(const Lod& lod, int level);

  std::vector<Entry> entries_;  // those used last come first
};

inline LodCopy<int64_t> Offsets(const CudaContext& context, const Lod& lod, int level) {
  return context.Kept<LodCopies>().Offsets(context, lod, level);
}
// Of the last level.
inline LodCopy<int64_t> Offsets(const CudaContext& context, const Lod& lod) {
  return Offsets(context, lod, lod.levels() - 1);
}
inline LodCopy<int32_t> ByLength(const CudaContext& context, const Lod& lod) {
  return context.Kept<LodCopies>().ByLength(context, lod);
}

// The sequence that a row belongs to, by the offsets of all: the last that begins there or above.
constexpr int64_t SequenceOf(const int64_t* offsets, int64_t sequences, int64_t row) {
  int64_t low = 0, high = sequences;  // offsets[low] <= row < offsets[high]
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    if (offsets[middle] <= row)
      low = middle;
    else
      high = middle;
  }
  return low;
}

}  // namespace paddle::cuda
