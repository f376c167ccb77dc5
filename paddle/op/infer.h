#pragma once
// Shape inference: what an op's outputs will be, from what its inputs are. Works on descriptions, never on data.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "paddle/tensor/tensor.h"

namespace paddle {

struct OpDef;

// A set of element types, for checks.
class DTypeSet {
 public:
  constexpr DTypeSet(std::initializer_list<DType> types) {
    for (const DType type : types) bits_ |= uint32_t{1} << static_cast<int>(type);
  }
  constexpr bool contains(DType type) const { return (bits_ >> static_cast<int>(type)) & 1; }
  friend std::ostream& operator<<(std::ostream& out, const DTypeSet& types);

 private:
  uint32_t bits_ = 0;
};

inline constexpr DTypeSet kFloats{DType::kFloat32, DType::kFloat64};
inline constexpr DTypeSet kIndices{DType::kInt32, DType::kInt64};
inline constexpr DTypeSet kNumbers{DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64};
inline constexpr DTypeSet kAllTypes{DType::kBool,    DType::kInt16,   DType::kInt32, DType::kInt64, DType::kFloat16,
                                    DType::kFloat32, DType::kFloat64, DType::kUInt8, DType::kInt8,  DType::kBFloat16};

// The arguments of one op, input slots first, then output slots, as one flat list. `begin` has an entry a slot and one
// more.
struct ArgTable {
  TensorMeta* const* metas;  // null: not there
  const uint16_t* begin;
  const uint8_t* weights = nullptr;  // one an argument, not 0: see OpMetas::IsWeight; null: none is
};

// Read access to the metas of an op's arguments by slot name.
class OpMetas {
 public:
  OpMetas(const OpDef& def, ArgTable table) : def_(def), table_(table) {}

  int Count(std::string_view input) const;
  bool Has(std::string_view input, int i = 0) const;
  // Throws InvalidArgument when the input is not there.
  const TensorMeta& In(std::string_view input, int i = 0) const;
  // Whether the input is a variable outside that no op of the program writes: worth a packed copy (Buffer::Packed).
  bool IsWeight(std::string_view input) const;
  int OutCount(std::string_view output) const;
  bool HasOut(std::string_view output, int i = 0) const;
  const TensorMeta& Out(std::string_view output, int i = 0) const;

 protected:
  int InputSlot(std::string_view name) const;
  int OutputSlot(std::string_view name) const;
  TensorMeta* Meta(int slot, int i) const {
    return i < table_.begin[slot + 1] - table_.begin[slot] ? table_.metas[table_.begin[slot] + i] : nullptr;
  }
  // Null when it is not there.
  const TensorMeta* FindIn(std::string_view input, int i = 0) const;

  const OpDef& def_;
  ArgTable table_;
};

class InferContext : public OpMetas {
 public:
  // `values`: null while the program is built, else the tensors of the arguments, in the table's order.
  InferContext(const OpDef& def, ArgTable table, const Tensor* const* values) : OpMetas(def, table), values_(values) {}

  // While a program is built sizes may be -1 and LoDs are known by depth only.
  bool building() const { return values_ == nullptr; }

  // Null when the output is not wanted.
  TensorMeta* MutableOut(std::string_view output, int i = 0);
  // Sets dims, dtype (and no LoD) of an output; nothing happens when it is not wanted.
  void SetOut(std::string_view output, const Dims& dims, DType dtype, int i = 0);
  // As the input in everything: dims, dtype, LoD.
  void CopyMeta(std::string_view input, std::string_view output, int i = 0);
  void ShareLod(std::string_view input, std::string_view output, int i = 0);
  void SetLod(std::string_view output, const Lod& lod, int i = 0);
  void SetLodLevel(std::string_view output, int level, int i = 0);  // while building

  // The integers in an input that infer may read (slot flag kValue); none while building, unless absent inputs.
  std::optional<std::vector<int64_t>> Values(std::string_view input, int i = 0) const;
  const Tensor* Value(std::string_view input, int i = 0) const;

  // Checks; each throws InvalidArgument naming the slot, what it is and what was expected.
  void CheckDType(std::string_view input, const DTypeSet& allowed, int i = 0) const;
  void CheckSameDType(std::string_view a, std::string_view b) const;
  void CheckRank(std::string_view input, int least, int most) const;
  void CheckSameDims(std::string_view a, std::string_view b) const;
  // Each output tensor of known sizes must be of a size that can be. Runs behind every op's own inference.
  void CheckSizes() const;

 private:
  const Tensor* const* values_;
};

}  // namespace paddle
