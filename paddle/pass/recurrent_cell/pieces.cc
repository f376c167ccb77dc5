#include "paddle/pass/recurrent_cell/pieces.h"

#include <algorithm>

#include "paddle/op/check.h"

namespace paddle::recurrent_cell {

std::string OpList::NewName() {
  for (int k = 0;; ++k) {
    std::string name = StrCat("recurrent_cell@", k);
    if (!block_.FindVarRecursive(name)) return block_.Var(name).name();
  }
}

std::vector<int64_t> OpList::ShapeOf(const std::string& name) const { return block_.FindVarRecursive(name)->shape(); }
int OpList::DTypeOf(const std::string& name) const { return block_.FindVarRecursive(name)->raw_dtype(); }

void OpList::Append(OpDesc op) {
  for (const auto& [name, value] : like_.attrs())
    if (IsCommonAttr(name) && name != kOpRoleVar) op.SetAttr(name, value);
  CompleteOp(&op);
  for (const auto& name : op.OutputNames())
    if (name != kEmptyName && !block_.FindVarRecursive(name)) block_.Var(name);
  InferOp(op, block_);
  ops_.push_back(std::move(op));
}

void OpList::Append(std::string_view type, const std::vector<OpDesc::Slot>& inputs,
                    const std::vector<OpDesc::Slot>& outputs, const Attrs& attrs) {
  OpDesc op{std::string(type)};
  for (const auto& slot : inputs) op.SetInput(slot.name, slot.args);
  for (const auto& slot : outputs) op.SetOutput(slot.name, slot.args);
  for (const auto& [name, value] : attrs) op.SetAttr(name, value);
  Append(std::move(op));
}

std::string OpList::Emit(std::string_view type, const std::vector<OpDesc::Slot>& inputs, const Attrs& attrs,
                         std::string_view slot) {
  const std::string name = NewName();
  Append(type, inputs, {{std::string(slot), {name}}}, attrs);
  return name;
}

void Pieces::Use(const Piece& piece) {
  const Source source{piece.name, piece.view};
  row_cuts_[source].insert(piece.rows);
  column_cuts_[{source, piece.rows}].insert(piece.columns);
}

std::string Pieces::Matrix(const Source& source) {
  if (const auto found = matrices_.find(source); found != matrices_.end()) return found->second;
  const auto& [name, view] = source;
  if (view != View::kAll) {
    CutViews(name);
    return matrices_.at(source);
  }
  const auto shape = ops_.ShapeOf(name);
  return matrices_[source] = shape.size() != 1 ? name : Reshape(name, 1, shape[0]);
}

std::string Pieces::Reshape(const std::string& name, int64_t rows, int64_t columns) {
  const std::vector<int32_t> shape = {static_cast<int32_t>(rows), static_cast<int32_t>(columns)};
  return ops_.Emit("reshape", {{"X", {name}}}, {{"shape", shape}});
}

void Pieces::CutViews(const std::string& name) {
  const int64_t units = ops_.ShapeOf(name)[0];
  const auto parts = Cut(Reshape(name, 3 * units, units), 0, {{0, 2 * units}, {2 * units, 3 * units}});
  matrices_[{name, View::kGates}] = Reshape(parts[0], units, 2 * units);
  matrices_[{name, View::kCandidate}] = parts[1];
}

std::vector<std::string> Pieces::Cut(const std::string& name, int axis, const std::set<Interval>& parts) {
  std::vector<int32_t> sections;
  std::vector<std::string> outputs;
  int64_t end = 0;
  for (const Interval& part : parts) {
    Require(part.begin == end, "its parts of a parameter overlap, or leave something out");
    end = part.end;
    sections.push_back(static_cast<int32_t>(part.size()));
    outputs.push_back(ops_.NewName());
  }
  Require(end == ops_.ShapeOf(name)[axis], "it uses a parameter in part");
  ops_.Append("split", {{"X", {name}}}, {{"Out", outputs}},
              {{"axis", int32_t{axis}}, {"sections", sections}, {"num", int32_t{0}}});
  return outputs;
}

std::string Pieces::RowsOf(const Rows& rows) {
  const std::string matrix = Matrix(rows.first);
  const auto& cuts = row_cuts_.at(rows.first);
  if (rows.second == kAllRows || (cuts.size() == 1 && rows.second == Interval{0, ops_.ShapeOf(matrix)[0]}))
    return matrix;
  if (!rows_.contains(rows)) {
    auto cut = cuts.begin();
    for (const auto& part : Cut(matrix, 0, cuts)) rows_[{rows.first, *cut++}] = part;
  }
  return rows_.at(rows);
}

std::string Pieces::ColumnsOf(const Piece& piece) {
  const Rows rows{{piece.name, piece.view}, piece.rows};
  const std::string whole = RowsOf(rows);
  const auto& cuts = column_cuts_.at(rows);
  if (cuts.size() == 1 && piece.columns == Interval{0, ops_.ShapeOf(whole)[1]}) return whole;
  if (!columns_.contains({rows, piece.columns})) {
    auto cut = cuts.begin();
    for (const auto& part : Cut(whole, 1, cuts)) columns_[{rows, *cut++}] = part;
  }
  return columns_.at({rows, piece.columns});
}

std::string Pieces::Join(const std::vector<Piece>& pieces) {
  const Piece& first = pieces.front();
  int64_t end = 0;
  bool in_order = true;
  for (const Piece& piece : pieces) {
    in_order &=
        piece.name == first.name && piece.view == first.view && piece.rows == first.rows && piece.columns.begin == end;
    end = piece.columns.end;
  }
  if (in_order)
    if (const std::string rows = RowsOf({{first.name, first.view}, first.rows}); ops_.ShapeOf(rows)[1] == end)
      return rows;
  std::vector<std::string> parts;
  for (const Piece& piece : pieces) parts.push_back(ColumnsOf(piece));
  return parts.size() == 1 ? parts[0] : ops_.Emit("concat", {{"X", parts}}, {{"axis", int32_t{1}}});
}

}  // namespace paddle::recurrent_cell
