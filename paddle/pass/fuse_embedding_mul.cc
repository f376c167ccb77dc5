#include "paddle/pass/fuse_embedding_mul.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

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

// The ops that are replaced, by their places in a block; -1: not there.
struct Match {
  int lookup = -1, mul = -1, mul_grad = -1, lookup_grad = -1;
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
      removed.insert(match.lookup);
      if (match.lookup_grad >= 0) removed.insert(match.lookup_grad);
    }
    for (auto i = removed.rbegin(); i != removed.rend(); ++i) block_.RemoveOps(*i, *i + 1);
  }

 private:
  static const std::string& One(const std::vector<std::string>& names) {
    static const std::string kNone;
    return names.size() == 1 ? names[0] : kNone;
  }
  static bool IsLookup(const OpDesc& op) { return op.type() == "lookup_table" || op.type() == "lookup_table_v2"; }

  // The place of an op of this block; -1 for one of another block.
  int Place(const OpDesc* op) const {
    const auto found = place_.find(op);
    return found == place_.end() ? -1 : found->second;
  }

  std::optional<Match> Find(int i) const {
    const OpDesc& lookup = block_.op(i);
    if (!IsLookup(lookup) || !lookup.AttrOr<std::vector<std::string>>("epmap", {}).empty()) return std::nullopt;
    const std::string rows = One(lookup.Output("Out"));
    const auto var = block_.FindVar(rows);
    if (!var || var->persistable() || kept_.contains(rows) || uses_.Writers(rows).size() != 1) return std::nullopt;
    Match match{.lookup = i};
    for (const OpDesc* reader : uses_.Readers(rows)) {
      const int place = Place(reader);
      if (place < 0 || One(reader->Input("X")) != rows || One(reader->Input("Y")) == rows) return std::nullopt;
      int& slot = reader->type() == "mul" ? match.mul : match.mul_grad;
      if ((reader->type() != "mul" && reader->type() != "mul_grad") || slot >= 0) return std::nullopt;
      slot = place;
    }
    if (match.mul < 0 || !IsMatrixProduct(block_.op(match.mul), *var)) return std::nullopt;
    if (match.mul_grad >= 0 && !FindGradient(&match)) return std::nullopt;
    return StaySame(match) ? std::optional(match) : std::nullopt;
  }

  // Whether the rows are the left matrix and a weight of two dimensions the right one.
  bool IsMatrixProduct(const OpDesc& mul, const VarDesc& rows) const {
    const auto weight = block_.FindVarRecursive(One(mul.Input("Y")));
    return weight && weight->HasTensor() && weight->shape().size() == 2 &&
           mul.AttrOr<int32_t>("y_num_col_dims", 1) == 1 &&
           mul.AttrOr<int32_t>("x_num_col_dims", 1) == static_cast<int32_t>(rows.shape().size()) - 1;
  }

  // The op that takes the gradient of the rows, if there is one, must be the lookup's and the only one.
  bool FindGradient(Match* match) const {
    const OpDesc& mul = block_.op(match->mul);
    const OpDesc& mul_grad = block_.op(match->mul_grad);
    if (One(mul_grad.Input("Y")) != One(mul.Input("Y")) || match->mul_grad < match->mul) return false;
    const std::string rows_grad = One(mul_grad.Output("X@GRAD"));
    if (rows_grad.empty() || rows_grad == kEmptyName) return true;
    if (kept_.contains(rows_grad) || uses_.Writers(rows_grad).size() != 1) return false;
    const auto& readers = uses_.Readers(rows_grad);
    if (readers.empty()) return true;
    if (readers.size() != 1) return false;
    match->lookup_grad = Place(readers[0]);
    if (match->lookup_grad < match->mul_grad) return false;
    const OpDesc& lookup = block_.op(match->lookup);
    const OpDesc& grad = block_.op(match->lookup_grad);
    return grad.type() == lookup.type() + "_grad" && One(grad.Input("Out@GRAD")) == rows_grad &&
           grad.Input("W") == lookup.Input("W") && grad.Input("Ids") == lookup.Input("Ids");
  }

  // Whether the table, the ids and the weight are the same for all the ops, and nothing in between knows the table's
  // gradient, which comes earlier than it did.
  bool StaySame(const Match& match) const {
    const OpDesc& lookup = block_.op(match.lookup);
    const int last = std::max({match.mul, match.mul_grad, match.lookup_grad});
    for (const auto& name : {One(lookup.Input("W")), One(lookup.Input("Ids")), One(block_.op(match.mul).Input("Y"))}) {
      if (name.empty()) return false;
      for (const OpDesc* writer : uses_.Writers(name)) {
        const int place = Place(writer);
        if (place < 0 || (place > match.lookup && place < last)) return false;
      }
    }
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
    for (const auto& [name, value] : product.attrs())
      if (IsCommonAttr(name)) fused.SetAttr(name, value);
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
