#pragma once
// Attribute values of an op as a program describes them.

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace paddle {

// The numbers of Fluid's files; the order is that of AttrValue's alternatives.
enum class AttrType : int {
  kInt = 0,
  kFloat,
  kString,
  kInts,
  kFloats,
  kStrings,
  kBool,
  kBools,
  kBlock,
  kLong,
  kBlocks,
  kLongs,
  kDoubles,
  kUnknown,
};

// A block of the same program, by index.
struct BlockRef {
  int index = -1;
  bool operator==(const BlockRef&) const = default;
};

// An attribute of a type that a later version added: carried along, never interpreted.
struct UnknownAttr {
  int type = 0;
  std::string bytes;  // the serialised attribute
  bool operator==(const UnknownAttr&) const = default;
};

using AttrValue = std::variant<int32_t, float, std::string, std::vector<int32_t>, std::vector<float>,
                               std::vector<std::string>, bool, std::vector<bool>, BlockRef, int64_t,
                               std::vector<BlockRef>, std::vector<int64_t>, std::vector<double>, UnknownAttr>;

inline AttrType TypeOf(const AttrValue& value) { return static_cast<AttrType>(value.index()); }
std::string_view NameOf(AttrType type);
std::ostream& operator<<(std::ostream& out, const BlockRef& block);
// As a person would write it: strings in quotes, lists in brackets.
std::string ToText(const AttrValue& value);

}  // namespace paddle
