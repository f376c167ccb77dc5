#include "paddle/program/short_text.h"

#include <sstream>

#include "paddle/base/print_short.h"

namespace paddle {
namespace {

constexpr size_t kShownBytes = 200;

void PrintText(std::ostream& out, const std::string& text) {
  if (text.size() <= kShownBytes)
    out << '"' << text << '"';
  else
    out << '"' << text.substr(0, kShownBytes) << "\" ... " << text.size() - kShownBytes << " more bytes";
}

}  // namespace

std::string ToShortText(const AttrValue& value) {
  std::ostringstream out;
  out << std::boolalpha;
  std::visit(
      [&]<class T>(const T& held) {
        if constexpr (std::is_same_v<T, std::string>)
          PrintText(out, held);
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
          PrintShort(out, held, [&](const std::string& text) { PrintText(out, text); });
        else if constexpr (requires { typename T::value_type; })
          PrintShort(out, held, [&](const typename T::value_type& item) { out << item; });
        else
          out << ToText(value);
      },
      value);
  return std::move(out).str();
}

}  // namespace paddle
