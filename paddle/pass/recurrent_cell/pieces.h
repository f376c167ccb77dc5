#pragma once
// Matrices put together from columns of others, by ops.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/pass/recurrent_cell/match.h"

namespace paddle::recurrent_cell {

// Writes ops one after another; their variables get unique names and inferred descriptions.
class OpList {
 public:
  using Attrs = std::vector<std::pair<std::string, AttrValue>>;
  // The common attributes of the ops are those of `like`.
  OpList(BlockDesc* block, const OpDesc& like) : block_(*block), like_(like) {}

  // Returns the name of the only output.
  std::string Emit(std::string_view type, const std::vector<OpDesc::Slot>& inputs, const Attrs& attrs = {},
                   std::string_view slot = "Out");
  void Append(std::string_view type, const std::vector<OpDesc::Slot>& inputs, const std::vector<OpDesc::Slot>& outputs,
              const Attrs& attrs);
  // Appends an op whose outputs may be described already.
  void Append(OpDesc op);
  std::string NewName();
  std::vector<int64_t> ShapeOf(const std::string& name) const;
  int DTypeOf(const std::string& name) const;
  std::vector<OpDesc>& ops() { return ops_; }

 private:
  BlockDesc& block_;
  const OpDesc& like_;
  std::vector<OpDesc> ops_;
};

// Cuts each matrix only once, as finely as all pieces of it need.
class Pieces {
 public:
  explicit Pieces(OpList* ops) : ops_(*ops) {}
  // To be called for all pieces before the first Join. Their rows must be disjoint or the same, so must the columns of
  // those of the same rows, and together they must be the matrix.
  void Use(const Piece& piece);
  // The pieces side by side, [rows, columns].
  std::string Join(const std::vector<Piece>& pieces);

 private:
  using Source = std::pair<std::string, View>;
  using Rows = std::pair<Source, Interval>;
  std::string Matrix(const Source& source);
  void CutViews(const std::string& name);
  std::string Reshape(const std::string& name, int64_t rows, int64_t columns);
  std::string RowsOf(const Rows& rows);
  std::string ColumnsOf(const Piece& piece);
  // Cuts the variable along an axis into parts, which must be all of it.
  std::vector<std::string> Cut(const std::string& name, int axis, const std::set<Interval>& parts);

  OpList& ops_;
  std::map<Source, std::set<Interval>> row_cuts_;
  std::map<Rows, std::set<Interval>> column_cuts_;
  std::map<Source, std::string> matrices_;
  std::map<Rows, std::string> rows_;
  std::map<std::pair<Rows, Interval>, std::string> columns_;
};

// The rows of a step input's sequences: as many as there are.
inline constexpr Interval kAllRows{0, -1};

}  // namespace paddle::recurrent_cell
