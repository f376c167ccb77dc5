#include "paddle/base/errors.h"

#include <pybind11/eval.h>

#include "python/bindings/bindings.h"

namespace paddle::bindings {
namespace {

// Python's class for each C++ exception. Made in Python, because they have two bases and their text must print as
// written.
constexpr const char* kClasses = R"(
class EnforceNotMet(Exception):
    """Base of all errors of the core. The text names the op, its arguments and the user's line."""

    def __str__(self):
        return self.args[0] if self.args else ""

class InvalidArgumentError(EnforceNotMet, ValueError):
    """A program, feed, attribute or file is wrong."""

class NotFoundError(EnforceNotMet, KeyError):
    """Something asked for by name does not exist."""

class UnimplementedError(EnforceNotMet, NotImplementedError):
    """A thing of the interface that this build does not have."""

class ResourceExhaustedError(EnforceNotMet, MemoryError, RuntimeError):
    """Memory would run out."""

class CoreError(EnforceNotMet, RuntimeError):
    """Any other failure."""

class EOFException(Exception):
    """A reader has no more data. Not an error, so not an EnforceNotMet."""
)";

struct Classes {
  py::object invalid, not_found, unimplemented, exhausted, other, eof;
};

Classes& TheClasses() {
  static auto* classes = new Classes;  // never destroyed: the interpreter may be gone by then
  return *classes;
}

// A damaged file's names may be no UTF-8: their text is shown with escapes.
void Raise(const py::object& type, const std::exception& error) {
  const std::string_view text = error.what();
  const auto decoded = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
  if (decoded) PyErr_SetObject(type.ptr(), decoded.ptr());
}

}  // namespace

void BindErrors(py::module_& m) {
  py::dict scope;
  scope["__builtins__"] = py::module_::import("builtins");
  scope["__name__"] = "paddle.fluid.core";
  py::exec(kClasses, scope);
  for (const char* name : {"EnforceNotMet", "InvalidArgumentError", "NotFoundError", "UnimplementedError",
                           "ResourceExhaustedError", "CoreError", "EOFException"})
    m.attr(name) = scope[name];
  TheClasses() = {scope["InvalidArgumentError"],   scope["NotFoundError"], scope["UnimplementedError"],
                  scope["ResourceExhaustedError"], scope["CoreError"],     scope["EOFException"]};
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    const Classes& classes = TheClasses();
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const InvalidArgument& error) {
      Raise(classes.invalid, error);
    } catch (const NotFound& error) {
      Raise(classes.not_found, error);
    } catch (const Unimplemented& error) {
      Raise(classes.unimplemented, error);
    } catch (const ResourceExhausted& error) {
      Raise(classes.exhausted, error);
    } catch (const EndOfFile& error) {
      Raise(classes.eof, error);
    } catch (const Cancelled&) {
      // Python's own handler has seen the signal too: let it raise, once.
      if (PyErr_CheckSignals() == 0) PyErr_SetNone(PyExc_KeyboardInterrupt);
    } catch (const Error& error) {
      Raise(classes.other, error);
    }
  });
}

}  // namespace paddle::bindings
