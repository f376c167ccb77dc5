// The allocator that keeps returned blocks: small ones by size, large ones as parts of segments.

#include <bit>
#include <map>
#include <new>
#include <set>
#include <utility>
#include <vector>

#include "paddle/base/errors.h"
#include "paddle/base/round_up.h"
#include "paddle/device/buffer.h"

namespace paddle {
namespace {

constexpr size_t kLarge = size_t{1} << 20;   // from here on a block is part of a segment
constexpr size_t kGrain = size_t{64} << 10;  // what a part's size is a multiple of

// Blocks rounded to powers of two (with three steps between), kept in one list a size.
class SmallBlocks {
 public:
  static size_t RoundUp(size_t bytes) {
    if (bytes <= 256) return 256;
    const size_t step = std::bit_floor(bytes) / 4;
    return paddle::RoundUp(bytes, step);
  }
  BufferPtr Take(size_t size) {
    std::scoped_lock lock(mutex_);
    auto& list = free_[size];
    if (list.empty()) return nullptr;
    BufferPtr block = std::move(list.back());
    list.pop_back();
    return block;
  }
  // A destructor calls it: where there is no memory to note the block, it goes back to the system.
  void Return(const BufferPtr& block) noexcept {
    std::scoped_lock lock(mutex_);
    try {
      free_[block->size()].push_back(block);
    } catch (const std::bad_alloc&) {
    }
  }
  void Trim() {
    std::scoped_lock lock(mutex_);
    free_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<size_t, std::vector<BufferPtr>> free_;
};

// Large blocks: the smallest free part that is large enough is cut, free neighbours grow together again. Where none is
// large enough, free segments make room for a larger one, so that what is kept does not grow with the number of sizes.
class Segments {
 public:
  std::byte* Take(size_t bytes) {
    std::vector<BufferPtr> dropped;  // given back when the lock is open
    {
      std::scoped_lock lock(mutex_);
      const auto fitting = free_.lower_bound({bytes, nullptr});
      if (fitting != free_.end()) return Cut(fitting->second, bytes);
      dropped = DropFree(bytes);
    }
    const bool grows = !dropped.empty();
    dropped.clear();
    const BufferPtr segment = NewSegment(bytes, grows);
    std::scoped_lock lock(mutex_);
    parts_[segment->data()] = {segment, segment->size(), false};
    Free(segment->data());
    return Cut(segment->data(), bytes);
  }

  // A destructor calls it: where there is no memory to note the part, it waits for its neighbours.
  void Return(std::byte* data) noexcept {
    std::scoped_lock lock(mutex_);
    try {
      Free(data);
    } catch (const std::bad_alloc&) {
    }
  }

  void Trim() {
    std::vector<BufferPtr> dropped;
    std::scoped_lock lock(mutex_);
    dropped = DropFree(SIZE_MAX);
  }

 private:
  struct Part {
    BufferPtr segment;
    size_t size = 0;
    bool free = false;
  };
  using Parts = std::map<std::byte*, Part>;

  // Growing sizes settle quickly when they get an eighth more.
  static BufferPtr NewSegment(size_t bytes, bool grows) {
    if (grows && bytes < SIZE_MAX / 2) {
      try {
        return SystemAllocator().Allocate((bytes + bytes / 8) / kGrain * kGrain);
      } catch (const ResourceExhausted&) {  // perhaps without
      }
    }
    return SystemAllocator().Allocate(bytes);
  }

  // Takes `bytes` from the beginning of a free part.
  std::byte* Cut(std::byte* data, size_t bytes) {
    Part& part = parts_.at(data);
    free_.erase({part.size, data});
    part.free = false;
    if (part.size > bytes) {
      parts_[data + bytes] = {part.segment, part.size - bytes, true};
      free_.emplace(part.size - bytes, data + bytes);
      part.size = bytes;
    }
    return data;
  }

  void Free(std::byte* data) {
    auto part = parts_.find(data);
    if (const auto next = std::next(part); Joins(part, next)) part = Join(part, next);
    if (part != parts_.begin())
      if (const auto before = std::prev(part); Joins(part, before)) part = Join(before, part);
    part->second.free = true;
    free_.emplace(part->second.size, part->first);
  }

  // Whether a neighbour is free and of the same segment.
  bool Joins(Parts::iterator part, Parts::iterator neighbour) const {
    return neighbour != parts_.end() && neighbour->second.free && neighbour->second.segment == part->second.segment;
  }

  Parts::iterator Join(Parts::iterator first, Parts::iterator second) {
    for (const auto part : {first, second})
      if (part->second.free) free_.erase({part->second.size, part->first});
    first->second.size += second->second.size;
    parts_.erase(second);
    return first;
  }

  // Forgets free segments, the largest first, until they are `bytes` together or there are no more.
  std::vector<BufferPtr> DropFree(size_t bytes) {
    std::vector<BufferPtr> dropped;
    size_t sum = 0;
    for (auto at = free_.rbegin(); at != free_.rend() && sum < bytes;) {
      const auto [size, data] = *at;
      const auto part = parts_.find(data);
      if (size < part->second.segment->size()) {
        ++at;
        continue;
      }
      sum += size;
      dropped.push_back(part->second.segment);
      parts_.erase(part);
      at = std::make_reverse_iterator(free_.erase(std::next(at).base()));
    }
    return dropped;
  }

  std::mutex mutex_;
  Parts parts_;
  std::set<std::pair<size_t, std::byte*>> free_;
};

class Caching final : public Allocator {
 public:
  BufferPtr Allocate(size_t bytes) override {
    if (bytes < kLarge) return AllocateSmall(SmallBlocks::RoundUp(bytes));
    const size_t size = bytes > SIZE_MAX - kGrain ? bytes : RoundUp(bytes, kGrain);
    std::byte* data = segments_.Take(size);
    try {
      return std::make_shared<Buffer>(data, size, Place{}, [this](std::byte* p, size_t) { segments_.Return(p); });
    } catch (const std::bad_alloc&) {
      segments_.Return(data);
      throw;
    }
  }

  void Trim() override {
    small_.Trim();
    segments_.Trim();
  }

 private:
  BufferPtr AllocateSmall(size_t size) {
    BufferPtr block = small_.Take(size);
    if (!block) block = SystemAllocator().Allocate(size);
    std::byte* data = block->data();
    return std::make_shared<Buffer>(data, size, Place{},
                                    [this, block = std::move(block)](std::byte*, size_t) { small_.Return(block); });
  }

  SmallBlocks small_;
  Segments segments_;
};

}  // namespace

// Never destroyed: buffers may outlive static destruction.
Allocator& CachingAllocator() {
  static auto* allocator = new Caching;
  return *allocator;
}

}  // namespace paddle
