#include "paddle/program/program.h"

#include <algorithm>
#include <atomic>

#include "framework.pb.h"

namespace paddle {
namespace {

uint64_t NextUid() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

}  // namespace

BlockDesc::BlockDesc(ProgramDesc* program, int index, int parent)
    : program_(program), index_(index), parent_(parent), edits_(program->edits_) {}

BlockDesc* BlockDesc::Parent() const { return parent_ < 0 ? nullptr : &program_->block(parent_); }

void BlockDesc::set_forward_block(int index) {
  forward_block_ = index;
  ++*edits_;
}

OpDesc& BlockDesc::InsertOp(size_t at, OpDesc op) {
  Require(at <= ops_.size(), "an op cannot be inserted at ", at, ": block ", index_, " has ", ops_.size(), " ops");
  auto held = std::make_shared<OpDesc>(std::move(op));
  held->edits_ = edits_;
  ++*edits_;
  return **ops_.insert(ops_.begin() + static_cast<std::ptrdiff_t>(at), std::move(held));
}

void BlockDesc::RemoveOps(size_t begin, size_t end) {
  Require(begin <= end && end <= ops_.size(), "ops [", begin, ", ", end, ") cannot be removed: block ", index_, " has ",
          ops_.size());
  ops_.erase(ops_.begin() + static_cast<std::ptrdiff_t>(begin), ops_.begin() + static_cast<std::ptrdiff_t>(end));
  ++*edits_;
}

VarDesc& BlockDesc::Var(std::string_view name) {
  const auto found = var_index_.find(name);
  if (found != var_index_.end()) return *found->second;
  auto var = std::make_shared<VarDesc>(name);
  var->edits_ = edits_;
  ++*edits_;
  vars_.push_back(var);
  return *var_index_.emplace(name, std::move(var)).first->second;
}

std::shared_ptr<VarDesc> BlockDesc::FindVar(std::string_view name) const {
  const auto found = var_index_.find(name);
  return found == var_index_.end() ? nullptr : found->second;
}

std::shared_ptr<VarDesc> BlockDesc::FindVarRecursive(std::string_view name) const {
  for (const BlockDesc* block = this; block; block = block->Parent()) {
    if (auto var = block->FindVar(name)) return var;
    // A gradient block sees what its forward block computed.
    if (block->forward_block() < 0) continue;
    if (auto var = program_->block(block->forward_block()).FindVar(name)) return var;
  }
  return nullptr;
}

void BlockDesc::RemoveVar(std::string_view name) {
  const auto found = var_index_.find(name);
  if (found == var_index_.end()) return;
  std::erase(vars_, found->second);
  var_index_.erase(found);
  ++*edits_;
}

void BlockDesc::RenameVar(const std::string& from, const std::string& to) {
  const auto found = var_index_.find(from);
  if (found == var_index_.end()) throw NotFound(StrCat("block ", index_, " has no variable '", from, "' to rename"));
  Require(from == to || !var_index_.contains(to), "'", from, "' cannot be renamed: block ", index_, " has a variable '",
          to, "' already");
  auto var = found->second;
  var_index_.erase(found);
  var->set_name(to);
  var_index_.emplace(to, std::move(var));
  for (const auto& op : ops_) {
    op->RenameInput(from, to);
    op->RenameOutput(from, to);
  }
}

proto::BlockDesc BlockDesc::ToProto() const {
  proto::BlockDesc message;
  message.set_idx(index_);
  message.set_parent_idx(parent_);
  for (const auto& var : vars_) *message.add_vars() = var->message();
  for (const auto& op : ops_) *message.add_ops() = op->ToProto();
  if (forward_block_) message.set_forward_block_idx(*forward_block_);
  message.mutable_unknown_fields()->append(unknown_);
  return message;
}

std::string BlockDesc::Serialize() const { return ToProto().SerializeAsString(); }

void BlockDesc::Adopt(const proto::BlockDesc& message) {
  for (const auto& var : message.vars()) {
    Require(!var.name().empty(), "block ", index_, " has a variable without a name");
    auto held = std::make_shared<VarDesc>(var);
    held->edits_ = edits_;
    Require(var_index_.emplace(var.name(), held).second, "block ", index_, " has variable '", var.name(), "' twice");
    vars_.push_back(std::move(held));
  }
  for (const auto& op : message.ops()) AppendOp(OpDesc::FromProto(op));
  if (message.has_forward_block_idx()) forward_block_ = message.forward_block_idx();
  unknown_ = message.unknown_fields();
}

ProgramDesc::ProgramDesc(Blank) : uid_(NextUid()), edits_(std::make_shared<uint64_t>(0)) {}

ProgramDesc::ProgramDesc() : ProgramDesc(Blank{}) {
  version_ = 0;
  blocks_.push_back(std::make_unique<BlockDesc>(this, 0, -1));
}

BlockDesc& ProgramDesc::block(int index) const {
  Require(index >= 0 && index < size(), "the program has no block ", index, "; it has ", size());
  return *blocks_[index];
}

BlockDesc& ProgramDesc::AppendBlock(const BlockDesc& parent) {
  ++*edits_;
  return *blocks_.emplace_back(std::make_unique<BlockDesc>(this, size(), parent.index()));
}

void ProgramDesc::RemoveBlocks(int from) {
  if (from >= size()) return;
  const auto first = blocks_.begin() + std::max(from, 0);
  std::move(first, blocks_.end(), std::back_inserter(removed_));
  blocks_.erase(first, blocks_.end());
  ++*edits_;
}

std::string ProgramDesc::Serialize() const {
  proto::ProgramDesc message;
  for (const auto& block : blocks_) *message.add_blocks() = block->ToProto();
  if (op_compatible_map_) message.set_op_compatible_map(*op_compatible_map_);
  if (version_) message.mutable_version()->set_version(*version_);
  if (op_version_map_) message.set_op_version_map(*op_version_map_);
  message.mutable_unknown_fields()->append(unknown_);
  return message.SerializeAsString();
}

std::shared_ptr<ProgramDesc> ProgramDesc::Parse(std::string_view bytes) {
  proto::ProgramDesc message;
  Require(bytes.size() < (size_t{1} << 31) && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())),
          "these ", bytes.size(),
          " bytes are not a Fluid program (protobuf ProgramDesc); expected the content of a file like __model__ or "
          "*.pdmodel");
  Require(message.blocks_size() > 0, "the program file has no block; is it a Fluid program at all?");
  std::shared_ptr<ProgramDesc> program(new ProgramDesc(Blank{}));
  for (const auto& block : message.blocks()) {
    const int index = program->size();
    Require(block.idx() == index, "block ", index, " of the program file says that its index is ", block.idx());
    Require(index == 0 ? block.parent_idx() < 0 : block.parent_idx() >= 0 && block.parent_idx() < message.blocks_size(),
            "block ", index, " names the parent ", block.parent_idx(), ", which is not possible in a program of ",
            message.blocks_size(), " blocks");
    program->blocks_.push_back(std::make_unique<BlockDesc>(program.get(), index, block.parent_idx()));
    program->blocks_.back()->Adopt(block);
  }
  if (message.has_op_compatible_map()) program->op_compatible_map_ = message.op_compatible_map();
  if (message.has_version()) program->version_ = message.version().version();
  if (message.has_op_version_map()) program->op_version_map_ = message.op_version_map();
  program->unknown_ = message.unknown_fields();
  Verify(*program);
  return program;
}

std::shared_ptr<ProgramDesc> ProgramDesc::SelectBlocks(const std::map<int, int>& number) const {
  const auto renumber = [&](int index) {
    if (number.empty() || index < 0) return index;
    Require(number.contains(index), "block ", index, " is still in use and cannot be left out");
    return number.at(index);
  };
  std::shared_ptr<ProgramDesc> copy(new ProgramDesc(Blank{}));
  for (const auto& block : blocks_) {
    if (!number.empty() && !number.contains(block->index())) continue;
    copy->blocks_.push_back(
        std::make_unique<BlockDesc>(copy.get(), renumber(block->index()), renumber(block->parent_index())));
    BlockDesc& made = *copy->blocks_.back();
    made.Adopt(block->ToProto());
    if (number.empty()) continue;
    if (made.forward_block_) made.forward_block_ = renumber(*made.forward_block_);
    for (const auto& op : made.ops()) op->RenumberBlocks(renumber);
  }
  copy->version_ = version_;
  copy->op_compatible_map_ = op_compatible_map_;
  copy->op_version_map_ = op_version_map_;
  copy->unknown_ = unknown_;
  return copy;
}

}  // namespace paddle
