#include "paddle/ops/control/lod_pieces.h"

#include <algorithm>
#include <cstring>

namespace paddle {

int64_t CountUnits(const Lod& units, int64_t rows) { return units.empty() ? rows : units.sequences(0); }

LodPieces::LodPieces(const TensorMeta& like, const Lod& units)
    : row_(like.dims.Slice(std::min(1, like.rank()), like.rank())),
      dtype_(like.dtype),
      row_bytes_(static_cast<int64_t>(BytesOf(dtype_, row_))),
      offsets_(units.levels(), std::vector<int64_t>{0}) {}

void LodPieces::CheckLike(const Tensor& from, const Lod& units, const std::string& what) const {
  Require(from.rank() >= 1, what, " has no rows: its rank is 0");
  Require(from.dtype() == dtype_ && from.dims().Slice(1, from.rank()) == row_, what, " is ", from.meta(),
          "; expected rows of ", dtype_, row_, " like the others");
  Require(units.levels() == static_cast<int>(offsets_.size()), what, " has ", units.levels(),
          " LoD levels below the one that is taken apart, the others have ", offsets_.size(),
          "; all must have the same number");
  units.CheckRows(from.dim(0), what.c_str());
}

void LodPieces::Add(const Tensor& from, const Lod& units, int64_t begin, int64_t end, const char* what,
                    int64_t number) {
  const auto name = [&] { return number < 0 ? std::string(what) : StrCat("item ", number, " of ", what); };
  if (&from != last_) CheckLike(from, units, name());
  last_ = &from;
  const int64_t count = CountUnits(units, from.dim(0));
  if (begin < 0 || begin > end || end > count)
    throw InvalidArgument(
        StrCat(name(), " has ", count, units.empty() ? " rows" : " sequences", ", but number ", end - 1, " is taken"));
  for (int k = 0; k < units.levels(); ++k) {
    const auto level = units.offsets(k);
    for (int64_t i = begin; i < end; ++i) offsets_[k].push_back(offsets_[k].back() + level[i + 1] - level[i]);
    begin = level[begin];
    end = level[end];
  }
  if (begin < end) AddPiece(from.raw() + begin * row_bytes_, end - begin);
}

void LodPieces::AddZeros(int64_t rows) {
  Ensure(offsets_.empty(), "zeros are not grouped into sequences");
  if (rows) AddPiece(nullptr, rows);
}

void LodPieces::AddPiece(const std::byte* from, int64_t rows) {
  rows_ += rows;
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    const bool adjacent = from ? last.from && last.from + last.rows * row_bytes_ == from : !last.from;
    if (adjacent) {
      last.rows += rows;
      return;
    }
  }
  pieces_.push_back({from, rows});
}

void LodPieces::CopyTo(Allocator& allocator, const Lod& above, Tensor* out) const {
  Dims dims{rows_};
  for (const int64_t size : row_) dims.Append(size);
  auto levels = above.ToOffsets();
  levels.insert(levels.end(), offsets_.begin(), offsets_.end());
  const Lod lod = Lod::FromOffsets(std::move(levels));
  lod.CheckRows(rows_, "the output");
  out->Allocate(dims, dtype_, allocator);
  out->set_lod(lod);
  std::byte* to = out->mutable_raw();
  for (const Piece& piece : pieces_) {
    const size_t bytes = static_cast<size_t>(piece.rows * row_bytes_);
    if (piece.from && bytes)
      std::memcpy(to, piece.from, bytes);
    else if (bytes)
      std::memset(to, 0, bytes);
    to += bytes;
  }
}

}  // namespace paddle
