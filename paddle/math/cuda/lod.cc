#include "paddle/math/cuda/lod.h"

#include <algorithm>

#include "paddle/math/cuda/upload.h"

namespace paddle::cuda {

BufferPtr& LodCopies::Find(const Lod& lod, int level) {
  const auto find = [&](auto same) {
    return std::find_if(entries_.begin(), entries_.end(),
                        [&](const Entry& entry) { return entry.level == level && same(entry.lod); });
  };
  auto found = find([&](const Lod& kept) { return kept.same(lod); });
  if (found == entries_.end()) found = find([&](const Lod& kept) { return kept == lod; });
  if (found == entries_.end()) {
    if (entries_.size() < kMost) entries_.emplace_back();
    found = entries_.end() - 1;
    *found = {lod, level, nullptr};
  }
  found->lod = lod;  // which the ops behind will ask for
  std::rotate(entries_.begin(), found, found + 1);
  return entries_.front().memory;
}

LodCopy<int64_t> LodCopies::Offsets(const CudaContext& context, const Lod& lod, int level) {
  BufferPtr& memory = Find(lod, level);
  if (!memory) memory = Upload(context, lod.offsets(level));
  return {memory};
}

LodCopy<int32_t> LodCopies::ByLength(const CudaContext& context, const Lod& lod) {
  BufferPtr& memory = Find(lod, kByLength);
  if (!memory) memory = Upload(context, lod.ByLength());
  return {memory};
}

}  // namespace paddle::cuda
