#include "paddle/base/errors.h"

#include <new>

namespace paddle {

// Out of line, so that each class has one vtable, in this library.
Error::~Error() = default;
InvalidArgument::~InvalidArgument() = default;
NotFound::~NotFound() = default;
Unimplemented::~Unimplemented() = default;
ResourceExhausted::~ResourceExhausted() = default;
EndOfFile::~EndOfFile() = default;
Cancelled::~Cancelled() = default;

void RethrowWithContext(const std::exception& error, std::string_view context) {
  const std::string text = StrCat(error.what(), context);
  if (dynamic_cast<const InvalidArgument*>(&error)) throw InvalidArgument(text);
  if (dynamic_cast<const NotFound*>(&error)) throw NotFound(text);
  if (dynamic_cast<const Unimplemented*>(&error)) throw Unimplemented(text);
  if (dynamic_cast<const ResourceExhausted*>(&error)) throw ResourceExhausted(text);
  if (dynamic_cast<const EndOfFile*>(&error)) throw EndOfFile(text);
  if (dynamic_cast<const Cancelled*>(&error)) throw Cancelled(text);
  if (dynamic_cast<const std::bad_alloc*>(&error)) throw ResourceExhausted(StrCat("out of memory", context));
  throw Error(text);
}

}  // namespace paddle
