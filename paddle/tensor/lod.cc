#include "paddle/tensor/lod.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "paddle/base/errors.h"
#include "paddle/base/print_short.h"

namespace paddle {

struct Lod::Rep {
  std::vector<std::vector<int64_t>> levels;
  mutable std::once_flag sorted;
  mutable std::vector<int32_t> by_length;
};

namespace {

void CheckLevel(const std::vector<int64_t>& level, size_t index) {
  Require(level.size() >= 1, "LoD level ", index, " has no offsets; expected at least [0]");
  Require(level.front() == 0, "LoD level ", index, " must start at 0, got ", level.front());
  for (size_t i = 1; i < level.size(); ++i)
    Require(level[i] >= level[i - 1], "LoD level ", index, " falls from ", level[i - 1], " to ", level[i],
            " at offset ", i, "; offsets must not fall");
}

}  // namespace

Lod Lod::FromOffsets(std::vector<std::vector<int64_t>> levels) {
  Lod lod;
  if (levels.empty()) return lod;
  for (size_t k = 0; k < levels.size(); ++k) {
    CheckLevel(levels[k], k);
    if (k > 0)
      Require(levels[k - 1].back() == static_cast<int64_t>(levels[k].size()) - 1, "LoD level ", k - 1, " ends at ",
              levels[k - 1].back(), " but level ", k, " has ", levels[k].size() - 1, " sequences; they must be equal");
  }
  auto rep = std::make_shared<Rep>();
  rep->levels = std::move(levels);
  lod.rep_ = std::move(rep);
  return lod;
}

Lod Lod::FromLengths(const std::vector<std::vector<int64_t>>& lengths) {
  std::vector<std::vector<int64_t>> levels;
  for (const auto& level : lengths) {
    std::vector<int64_t> offsets{0};
    offsets.reserve(level.size() + 1);
    for (const int64_t length : level) {
      int64_t next = 0;
      Require(length >= 0 && !__builtin_add_overflow(offsets.back(), length, &next), "the sequence length ", length,
              " at position ", offsets.size() - 1, " of LoD level ", levels.size(), " is not possible");
      offsets.push_back(next);
    }
    levels.push_back(std::move(offsets));
  }
  return FromOffsets(std::move(levels));
}

int Lod::levels() const { return rep_ ? static_cast<int>(rep_->levels.size()) : 0; }

std::span<const int64_t> Lod::offsets(int level) const {
  Require(level >= 0 && level < levels(), "LoD level ", level, " is asked for, but there are ", levels());
  return rep_->levels[level];
}

int64_t Lod::last_sequences() const { return rep_ ? static_cast<int64_t>(rep_->levels.back().size()) - 1 : 0; }

int64_t Lod::rows() const { return rep_ ? rep_->levels.back().back() : -1; }

std::vector<std::vector<int64_t>> Lod::ToOffsets() const {
  return rep_ ? rep_->levels : std::vector<std::vector<int64_t>>{};
}

std::vector<std::vector<int64_t>> Lod::ToLengths() const {
  std::vector<std::vector<int64_t>> lengths;
  for (int k = 0; k < levels(); ++k) {
    const auto level = offsets(k);
    auto& out = lengths.emplace_back();
    for (size_t i = 1; i < level.size(); ++i) out.push_back(level[i] - level[i - 1]);
  }
  return lengths;
}

std::span<const int32_t> Lod::ByLength() const {
  Ensure(!empty(), "ByLength of an empty Lod");
  std::call_once(rep_->sorted, [this] {
    const auto level = last();
    rep_->by_length.resize(level.size() - 1);
    std::iota(rep_->by_length.begin(), rep_->by_length.end(), 0);
    std::stable_sort(rep_->by_length.begin(), rep_->by_length.end(),
                     [&](int32_t a, int32_t b) { return level[a + 1] - level[a] > level[b + 1] - level[b]; });
  });
  return rep_->by_length;
}

Lod Lod::From(int level) const {
  if (level == 0) return *this;
  auto all = ToOffsets();
  all.erase(all.begin(), all.begin() + std::min<size_t>(level, all.size()));
  return FromOffsets(std::move(all));
}

void Lod::CheckRows(int64_t rows, const char* what) const {
  if (empty()) return;
  Require(this->rows() == rows, "the LoD of ", what, " ends at row ", this->rows(), " but the tensor has ", rows,
          " rows");
}

bool Lod::operator==(const Lod& other) const {
  if (rep_ == other.rep_) return true;
  return rep_ && other.rep_ && rep_->levels == other.rep_->levels;
}

std::ostream& operator<<(std::ostream& out, const Lod& lod) {
  out << '[';
  for (int k = 0; k < lod.levels(); ++k)
    PrintShort(out << (k ? ", " : ""), lod.offsets(k), [&](int64_t offset) { out << offset; });
  return out << ']';
}

}  // namespace paddle
