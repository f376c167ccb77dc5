#pragma once
// A program: blocks of variables and ops, as plain data. Files are Fluid's protobuf (proto/framework.proto).

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "paddle/program/attribute.h"
#include "paddle/tensor/tensor.h"

namespace paddle {

namespace proto {
class OpDesc;
class VarDesc;
class BlockDesc;
}  // namespace proto

class BlockDesc;
class ProgramDesc;

inline constexpr std::string_view kEmptyName = "@EMPTY@";  // an argument that is not there
inline constexpr std::string_view kGradSuffix = "@GRAD";
inline std::string GradName(std::string_view name) { return std::string(name) + std::string(kGradSuffix); }

// The attributes that every op carries.
inline constexpr std::string_view kOpRole = "op_role";
inline constexpr std::string_view kOpRoleVar = "op_role_var";
inline constexpr std::string_view kOpNameScope = "op_namescope";
inline constexpr std::string_view kOpCallstack = "op_callstack";
inline constexpr std::string_view kOpDevice = "op_device";
bool IsCommonAttr(std::string_view name);

// Values of op_role; Loss is combined with Forward or Backward.
enum OpRole : int { kForward = 0, kBackward = 1, kOptimize = 2, kRpc = 4, kDist = 8, kLrSched = 16, kLoss = 256 };

// Counts the edits of a program; shared by its parts so that any of them can count.
using EditCounter = std::shared_ptr<uint64_t>;

// One op: a type, named lists of variable names, attributes.
class OpDesc {
 public:
  struct Slot {
    std::string name;
    std::vector<std::string> args;
  };

  OpDesc() = default;
  explicit OpDesc(std::string type) : type_(std::move(type)) {}

  const std::string& type() const { return type_; }
  void set_type(std::string type);

  const std::vector<Slot>& inputs() const { return inputs_; }
  const std::vector<Slot>& outputs() const { return outputs_; }
  // The names in a slot; empty when the slot is not there.
  const std::vector<std::string>& Input(std::string_view slot) const;
  const std::vector<std::string>& Output(std::string_view slot) const;
  void SetInput(std::string_view slot, std::vector<std::string> names);
  void SetOutput(std::string_view slot, std::vector<std::string> names);
  std::vector<std::string> InputNames() const;
  std::vector<std::string> OutputNames() const;
  void RenameInput(std::string_view from, std::string_view to);
  void RenameOutput(std::string_view from, std::string_view to);

  const std::vector<std::pair<std::string, AttrValue>>& attrs() const { return attrs_; }
  const AttrValue* FindAttr(std::string_view name) const;
  void SetAttr(std::string_view name, AttrValue value);
  void RemoveAttr(std::string_view name);
  // The attribute as T, or `fallback` when it is not there or of another type.
  template <class T>
  T AttrOr(std::string_view name, T fallback) const {
    const AttrValue* value = FindAttr(name);
    const T* held = value ? std::get_if<T>(value) : nullptr;
    return held ? *held : fallback;
  }
  int Role() const { return AttrOr<int32_t>(kOpRole, kForward); }
  // The user's line that made the op ("file:line in function: text"), from op_callstack; empty when unknown.
  std::string UserLine() const;
  // Blocks that attributes name.
  std::vector<int> Blocks() const;
  void RenumberBlocks(const std::function<int(int)>& number);

  // Becomes a copy of `other`, in its own place in its own program.
  void CopyFrom(const OpDesc& other);

  std::optional<bool> is_target;

  proto::OpDesc ToProto() const;
  static OpDesc FromProto(const proto::OpDesc& message);
  std::string Serialize() const;

 private:
  friend class BlockDesc;
  void Edited() {
    if (edits_) ++*edits_;
  }
  static void Rename(std::vector<Slot>& slots, std::string_view from, std::string_view to);
  static void Set(std::vector<Slot>& slots, std::string_view slot, std::vector<std::string> names);

  std::string type_;
  std::vector<Slot> inputs_, outputs_;
  std::vector<std::pair<std::string, AttrValue>> attrs_;
  std::string unknown_;  // fields of later versions
  EditCounter edits_;
};

// One variable: what it will hold. Keeps the file's own message, so nothing that a later version wrote is lost.
class VarDesc {
 public:
  // Becomes a copy of `other`, in its own place in its own program.
  void CopyFrom(const VarDesc& other);

  explicit VarDesc(std::string_view name);
  explicit VarDesc(const proto::VarDesc& message);
  VarDesc(const VarDesc& other);
  ~VarDesc();

  const std::string& name() const;
  void set_name(std::string_view name);
  int raw_type() const;  // VarType's number
  VarKind kind() const { return static_cast<VarKind>(raw_type()); }
  void set_raw_type(int type);
  // Of the element type and sizes of a tensor, SelectedRows or array. Throws InvalidArgument for other kinds.
  int raw_dtype() const;
  void set_raw_dtype(int dtype);
  std::vector<int64_t> shape() const;
  void set_shape(const std::vector<int64_t>& shape);
  int lod_level() const;
  void set_lod_level(int level);
  bool HasTensor() const;  // whether dtype and shape make sense for the kind

  // Readers: one entry a tensor that they hand out.
  std::vector<std::vector<int64_t>> reader_shapes() const;
  std::vector<int> reader_dtypes() const;
  std::vector<int> reader_lod_levels() const;
  void set_reader(const std::vector<std::vector<int64_t>>& shapes, const std::vector<int>& dtypes,
                  const std::vector<int>& lod_levels);

  bool persistable() const;
  void set_persistable(bool value);
  bool need_check_feed() const;
  void set_need_check_feed(bool value);
  bool is_parameter() const;
  void set_is_parameter(bool value);
  bool stop_gradient() const;
  void set_stop_gradient(bool value);

  // What infer sees: sizes may be -1.
  TensorMeta Meta() const;
  void SetMeta(const TensorMeta& meta);

  const proto::VarDesc& message() const { return *message_; }
  std::string Serialize() const;

 private:
  friend class BlockDesc;
  void Edited() {
    if (edits_) ++*edits_;
  }

  std::unique_ptr<proto::VarDesc> message_;
  EditCounter edits_;
};

class BlockDesc {
 public:
  BlockDesc(ProgramDesc* program, int index, int parent);
  BlockDesc(const BlockDesc&) = delete;

  ProgramDesc& program() const { return *program_; }
  int index() const { return index_; }
  int parent_index() const { return parent_; }
  BlockDesc* Parent() const;
  int forward_block() const { return forward_block_.value_or(-1); }
  void set_forward_block(int index);

  const std::vector<std::shared_ptr<OpDesc>>& ops() const { return ops_; }
  OpDesc& op(int i) const { return *ops_.at(i); }
  OpDesc& AppendOp(OpDesc op = {}) { return InsertOp(ops_.size(), std::move(op)); }
  OpDesc& InsertOp(size_t at, OpDesc op = {});
  void RemoveOps(size_t begin, size_t end);

  const std::vector<std::shared_ptr<VarDesc>>& vars() const { return vars_; }
  VarDesc& Var(std::string_view name);                            // made when it is not there
  std::shared_ptr<VarDesc> FindVar(std::string_view name) const;  // in this block
  std::shared_ptr<VarDesc> FindVarRecursive(
      std::string_view name) const;  // in this block, its forward block, or its parents
  void RemoveVar(std::string_view name);
  void RenameVar(const std::string& from, const std::string& to);  // in the ops too

  proto::BlockDesc ToProto() const;
  std::string Serialize() const;

 private:
  friend class ProgramDesc;
  void Adopt(const proto::BlockDesc& message);

  ProgramDesc* program_;
  int index_, parent_;
  std::optional<int> forward_block_;
  std::vector<std::shared_ptr<OpDesc>> ops_;
  std::vector<std::shared_ptr<VarDesc>> vars_;
  std::map<std::string, std::shared_ptr<VarDesc>, std::less<>> var_index_;
  std::string unknown_;
  EditCounter edits_;
};

class ProgramDesc {
 public:
  ProgramDesc();
  ProgramDesc(const ProgramDesc&) = delete;

  BlockDesc& block(int index) const;
  int size() const { return static_cast<int>(blocks_.size()); }
  BlockDesc& AppendBlock(const BlockDesc& parent);
  void RemoveBlocks(int from);  // this one and all behind it; references to them stay good

  // Blocks, ops and variables as they are now, for Restore. Ops and variables that are still there then keep their
  // identity; those made since are removed.
  class Snapshot;
  std::shared_ptr<const Snapshot> Save() const;
  void Restore(const Snapshot& snapshot);

  int64_t version() const { return version_.value_or(0); }
  void set_version(int64_t version) { version_ = version; }

  // Identity of this object and number of edits so far: together the key under which prepared plans are kept.
  uint64_t uid() const { return uid_; }
  uint64_t edits() const { return *edits_; }

  std::string Serialize() const;
  // Throws InvalidArgument that says where the bytes stop making sense; checks structure (Verify), not op types.
  static std::shared_ptr<ProgramDesc> Parse(std::string_view bytes);
  std::shared_ptr<ProgramDesc> Clone() const { return SelectBlocks({}); }
  // A copy with the blocks that `number` maps to their new indices; empty: all blocks. Kept ops and blocks may name
  // kept blocks only.
  std::shared_ptr<ProgramDesc> SelectBlocks(const std::map<int, int>& number) const;

 private:
  friend class BlockDesc;
  struct Blank {};
  explicit ProgramDesc(Blank);

  std::vector<std::unique_ptr<BlockDesc>> blocks_, removed_;
  std::optional<int64_t> version_;
  std::optional<std::string> op_compatible_map_, op_version_map_;
  std::string unknown_;
  uint64_t uid_;
  EditCounter edits_;
};

// Throws InvalidArgument unless block indices are in range, parents and sub-blocks form no cycle and nest at most 32
// deep, and walking through nested blocks takes time in proportion to the program. Parse sees to it for files; what
// walks through the blocks of a program that was built asks for itself.
void VerifyNesting(const ProgramDesc& program);
// VerifyNesting, and each variable that an op names is defined in its block or a parent.
void Verify(const ProgramDesc& program);

// One line an op: outputs = type(inputs) {attributes}, shapes, the user's line. `details`: common attributes too.
std::string ToText(const ProgramDesc& program, bool details = false);
std::string ToText(const OpDesc& op, const BlockDesc* block = nullptr, bool details = false);

}  // namespace paddle
