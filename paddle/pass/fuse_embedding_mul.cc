#include "paddle/pass/fuse_embedding_mul.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "paddle/pass/common_attrs.h"
#include "paddle/pass/slots.h"

namespace paddle {
namespace {

// Where the variables of a program are read and written.
class Uses {
 public:
  explicit Uses(const ProgramDesc& program) {
    for (int i = 0; i < program.size(); ++i)
      for (const auto& op : program.block(i).ops()) {
        for (const auto& name : op->InputNames()) readers_[name].push_back(op.get());
        for (const auto& name : op->OutputNames()) writers_[name].push_back(op.get());
      }
  }
  using Ops = std::vector<const OpDesc*>;
  const Ops& Readers(const std::string& name) const { return Of(readers_, name); }
  const Ops& Writers(const std::string& name) const { return Of(writers_, name); }

 private:
  using Table = std::map<std::string, Ops, std::less<>>;
  static const Ops& Of(const Table& table, const std::string& name) {
    static const Ops kNone;
    const auto found = table.find(name);
    return found == table.end() ? kNone : found->second;
  }
  Table readers_, writers_;
};

// The ops that are replaced, by their places in a block; -1: not there. In mixed precision `narrow` casts the rows to
// bfloat16 and `widen` their gradient back.
struct Match {
  int lookup = -1, narrow = -1, mul = -1, mul_grad = -1, widen = -1, lookup_grad = -1;
};

class Fuser {
 public:
  Fuser(BlockDesc* block, const Uses& uses, const std::set<std::string>& kept)
      : block_(*block), uses_(uses), kept_(kept) {
    for (size_t i = 0; i < block_.ops().size(); ++i) place_[&block_.op(static_cast<int>(i))] = static_cast<int>(i);
  }

  void Run(std::vector<std::string>* tables) {
    std::vector<Match> matches;
    for (int i = 0; i < static_cast<int>(block_.ops().size()); ++i)
      if (const auto match = Find(i)) matches.push_back(*match);
    std::set<int> removed;
    for (const Match& match : matches) {
      tables->push_back(One(block_.op(match.lookup).Input("W")));
      Replace(match);
      for (const int place : {match.lookup, match.narrow, match.widen, match.lookup_grad})
        if (place >= 0) removed.insert(place);
    }
    for (auto i = removed.rbegin(); i != removed.rend(); ++i) block_.RemoveOps(*i, *i + 1);
  }

 private:
  static bool IsLookup(const OpDesc& op) { return op.type() == "lookup_table" || op.type() == "lookup_table_v2"; }

  // The place of an op of this block; -1 for one of another block.
  int Place(const OpDesc* op) const {
    const auto found = place_.find(op);
    return found == place_.end() ? -1 : found->second;
  }

  static bool IsCast(const OpDesc& op, DType to) {
    return op.type() == "cast" && op.AttrOr<int32_t>("out_dtype", -1) == static_cast<int32_t>(to);
  }

  // Whether one op of this program writes the variable and nobody outside sees it.
  bool IsInner(const std::string& name) const {
    const auto var = block_.FindVar(name);
    return var && var->HasTensor() && !var->persistable() && !kept_.contains(name) && uses_.Writers(name).size() == 1;
  }

  std::optional<Match> Find(int i) const {
    const OpDesc& lookup = block_.op(i);
    if (!IsLookup(lookup) || !lookup.AttrOr<std::vector<std::string>>("epmap", {}).empty()) return std::nullopt;
    const std::string rows = One(lookup.Output("Out"));
    if (!IsInner(rows)) return std::nullopt;
    Match match{.lookup = i};
    const std::string factor = FindFactor(rows, &match);
    for (const OpDesc* reader : uses_.Readers(factor)) {
      const int place = Place(reader);
      if (place < 0 || One(reader->Input("X")) != factor || One(reader->Input("Y")) == factor) return std::nullopt;
      int& slot = reader->type() == "mul" ? match.mul : match.mul_grad;
      if ((reader->type() != "mul" && reader->type() != "mul_grad") || slot >= 0) return std::nullopt;
      slot = place;
    }
    if (match.mul < std::max(match.lookup, match.narrow)) return std::nullopt;
    if (!IsMatrixProduct(block_.op(match.mul), *block_.FindVar(factor))) return std::nullopt;
    if (match.mul_grad >= 0 && !FindGradient(&match)) return std::nullopt;
    return StaySame(match) ? std::optional(match) : std::nullopt;
  }

  // What is multiplied: the rows, or, where one op alone reads them and casts them to bfloat16, what that gives.
  std::string FindFactor(const std::string& rows, Match* match) const {
    const auto& readers = uses_.Readers(rows);
    if (readers.size() != 1 || !IsCast(*readers[0], DType::kBFloat16)) return rows;
    const int place = Place(readers[0]);
    const std::string narrowed = One(readers[0]->Output("Out"));
    if (place < match->lookup || !IsInner(narrowed) || !IsFloat32(rows)) return rows;
    match->narrow = place;
    return narrowed;
  }
  bool IsFloat32(const std::string& name) const {
    return block_.FindVar(name)->raw_dtype() == static_cast<int>(DType::kFloat32);
  }

  // Whether the rows are the left matrix and a weight of two dimensions and the same type the right one.
  bool IsMatrixProduct(const OpDesc& mul, const VarDesc& rows) const {
    const auto weight = block_.FindVarRecursive(One(mul.Input("Y")));
    return weight && weight->HasTensor() && weight->shape().size() == 2 && weight->raw_dtype() == rows.raw_dtype() &&
           mul.AttrOr<int32_t>("y_num_col_dims", 1) == 1 &&
           mul.AttrOr<int32_t>("x_num_col_dims", 1) == static_cast<int32_t>(rows.shape().size()) - 1;
  }

  // The op that takes the gradient of the rows, if there is one, must be the lookup's and the only one.
  bool FindGradient(Match* match) const {
    const OpDesc& mul = block_.op(match->mul);
    const OpDesc& mul_grad = block_.op(match->mul_grad);
    if (One(mul_grad.Input("Y")) != One(mul.Input("Y")) || match->mul_grad < match->mul) return false;
    std::string rows_grad = One(mul_grad.Output("X@GRAD"));
    if (rows_grad.empty()) return true;
    if (match->narrow >= 0) {
      if (!FindReader(rows_grad, match->mul_grad, &match->widen)) return false;
      if (match->widen < 0) return true;
      const OpDesc& widen = block_.op(match->widen);
      if (!IsCast(widen, DType::kFloat32)) return false;
      rows_grad = One(widen.Output("Out"));
    }
    if (!FindReader(rows_grad, std::max(match->mul_grad, match->widen), &match->lookup_grad)) return false;
    if (match->lookup_grad < 0) return true;
    const OpDesc& lookup = block_.op(match->lookup);
    const OpDesc& grad = block_.op(match->lookup_grad);
    return grad.type() == lookup.type() + "_grad" && One(grad.Input("Out@GRAD")) == rows_grad &&
           grad.Input("W") == lookup.Input("W") && grad.Input("Ids") == lookup.Input("Ids");
  }

  // The place of the op that reads a gradient, -1 where there is none. False where others see or write it, or where
  // that op is not behind the place `after`.
  bool FindReader(const std::string& gradient, int after, int* place) const {
    if (!IsInner(gradient)) return false;
    const auto& readers = uses_.Readers(gradient);
    if (readers.empty()) return true;
    *place = Place(readers[0]);
    return readers.size() == 1 && *place > after;
  }

  // Whether the table, the ids and the weight are the same for all the ops, and nothing in between knows the table's
  // gradient, which comes earlier than it did.
  bool StaySame(const Match& match) const {
    const OpDesc& lookup = block_.op(match.lookup);
    const int last = std::max({match.mul, match.mul_grad, match.lookup_grad});
    if (!IsFixedBetween(One(lookup.Input("W")), match.lookup, last) ||
        !IsFixedBetween(One(lookup.Input("Ids")), match.lookup, last))
      return false;
    // In mixed precision the weight is a copy, which may be made behind the lookup.
    if (!IsFixedBetween(One(block_.op(match.mul).Input("Y")), match.mul, last)) return false;
    if (match.lookup_grad < 0) return true;
    const std::string table_grad = One(block_.op(match.lookup_grad).Output("W@GRAD"));
    const auto between = [&](const OpDesc* op) {
      const int place = Place(op);
      return place < 0 || (place >= match.mul_grad && place < match.lookup_grad);
    };
    const auto &readers = uses_.Readers(table_grad), &writers = uses_.Writers(table_grad);
    return std::none_of(readers.begin(), readers.end(), between) &&
           std::none_of(writers.begin(), writers.end(), between);
  }

  // Whether no other block writes the variable, nor an op between the two places.
  bool IsFixedBetween(const std::string& name, int first, int last) const {
    const auto& writers = uses_.Writers(name);
    return !name.empty() && std::none_of(writers.begin(), writers.end(), [&](const OpDesc* writer) {
      const int place = Place(writer);
      return place < 0 || (place > first && place < last);
    });
  }

  void Replace(const Match& match) {
    const OpDesc lookup = block_.op(match.lookup);
    OpDesc fused = Fused("fused_embedding_mul", lookup, block_.op(match.mul));
    fused.SetOutput("Out", block_.op(match.mul).Output("Out"));
    block_.op(match.mul).CopyFrom(fused);
    if (match.mul_grad < 0) return;
    const OpDesc mul_grad = block_.op(match.mul_grad);
    OpDesc grad = Fused("fused_embedding_mul_grad", lookup, mul_grad);
    grad.SetInput("Out@GRAD", mul_grad.Input("Out@GRAD"));
    grad.SetOutput("Y@GRAD", mul_grad.Output("Y@GRAD"));
    if (match.lookup_grad >= 0) grad.SetOutput("W@GRAD", block_.op(match.lookup_grad).Output("W@GRAD"));
    block_.op(match.mul_grad).CopyFrom(grad);
  }

  // With the inputs that both fused ops have; errors name the user's line of `product`.
  static OpDesc Fused(const std::string& type, const OpDesc& lookup, const OpDesc& product) {
    OpDesc fused(type);
    fused.SetInput("W", lookup.Input("W"));
    fused.SetInput("Ids", lookup.Input("Ids"));
    fused.SetInput("Y", product.Input("Y"));
    fused.SetAttr("padding_idx", lookup.AttrOr<int64_t>("padding_idx", -1));
    fused.SetAttr("is_sparse", lookup.AttrOr<bool>("is_sparse", false));
    fused.SetAttr("ids_column", lookup.type() == "lookup_table");
    CopyCommonAttrs(product, &fused);
    return fused;
  }

  BlockDesc& block_;
  const Uses& uses_;
  const std::set<std::string>& kept_;
  std::map<const OpDesc*, int> place_;
};

}  // namespace

std::vector<std::string> FuseEmbeddingMul(ProgramDesc* program, const std::vector<std::string>& kept) {
  const Uses uses(*program);
  const std::set<std::string> names(kept.begin(), kept.end());
  std::vector<std::string> tables;
  for (int i = 0; i < program->size(); ++i) Fuser(&program->block(i), uses, names).Run(&tables);
  return tables;
}

}  // namespace paddle
