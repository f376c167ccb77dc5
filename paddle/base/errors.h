#pragma once
// The exceptions of the library and the checks that throw them. The library never ends the process.

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace paddle {

// Base of every exception that the library throws on purpose; the subclass says whose fault it is.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

// The caller's program, feed, attribute or file is wrong. Python: ValueError.
class InvalidArgument : public Error {
 public:
  using Error::Error;
  ~InvalidArgument() override;
};

// Something asked for by name does not exist. Python: KeyError.
class NotFound : public Error {
 public:
  using Error::Error;
  ~NotFound() override;
};

// A thing of the interface that this build does not have. Python: NotImplementedError.
class Unimplemented : public Error {
 public:
  using Error::Error;
  ~Unimplemented() override;
};

// Memory or another resource would run out. Python: RuntimeError.
class ResourceExhausted : public Error {
 public:
  using Error::Error;
  ~ResourceExhausted() override;
};

// A reader has no more data. Python: fluid.core.EOFException.
class EndOfFile : public Error {
 public:
  using Error::Error;
  ~EndOfFile() override;
};

// The run was interrupted from outside (Ctrl-C). Python: KeyboardInterrupt is raised by the caller.
class Cancelled : public Error {
 public:
  using Error::Error;
  ~Cancelled() override;
};

template <class T>
std::ostream& operator<<(std::ostream& out, const std::vector<T>& values) {
  out << '[';
  for (size_t i = 0; i < values.size(); ++i) out << (i ? ", " : "") << values[i];
  return out << ']';
}

// Joins the printed forms of its arguments.
template <class... Parts>
std::string StrCat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

// Throws InvalidArgument with the joined parts unless `ok`.
template <class... Parts>
void Require(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    throw InvalidArgument(StrCat(parts...));
}

// Throws Error, as for a broken promise of the library itself, unless `ok`.
template <class... Parts>
void Ensure(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    throw Error(StrCat("internal error: ", parts...));
}

// `text` with a prefix and the same exception type as the one being handled; call it inside a catch block.
[[noreturn]] void RethrowWithContext(const std::exception& error, std::string_view context);

}  // namespace paddle
