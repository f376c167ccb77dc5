#include "paddle/program/attribute.h"

#include <array>
#include <sstream>

#include "paddle/base/errors.h"

namespace paddle {

std::string_view NameOf(AttrType type) {
  static constexpr std::array<std::string_view, 14> kNames = {"int",     "float", "string",   "ints",   "floats",
                                                              "strings", "bool",  "bools",    "block",  "long",
                                                              "blocks",  "longs", "float64s", "unknown"};
  return kNames[static_cast<size_t>(type)];
}

std::ostream& operator<<(std::ostream& out, const BlockRef& block) { return out << "block " << block.index; }

namespace {

template <class T>
void Print(std::ostream& out, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    out << '"' << value << '"';
  } else if constexpr (std::is_same_v<T, bool>) {
    out << (value ? "true" : "false");
  } else if constexpr (std::is_same_v<T, UnknownAttr>) {
    out << "<attribute type " << value.type << '>';
  } else if constexpr (requires { value.begin(); }) {
    out << '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i) out << ", ";
      Print<typename T::value_type>(out, value[i]);
    }
    out << ']';
  } else {
    out << value;
  }
}

}  // namespace

std::string ToText(const AttrValue& value) {
  std::ostringstream out;
  std::visit([&](const auto& held) { Print(out, held); }, value);
  return std::move(out).str();
}

}  // namespace paddle
