#pragma once
// Names and attribute values between Python and C++.

#include <string>
#include <vector>

#include "python/bindings/program.h"

namespace paddle::bindings {

// A name, given as str or bytes. Throws InvalidArgument for anything else.
std::string ToName(const py::handle& name);
std::vector<std::string> ToNames(const py::handle& names);
// The text as str; as bytes where it is not UTF-8.
py::object FromText(const std::string& text);

// The Python value as the wire type `type`. Throws InvalidArgument that says what was expected; for blocks of another
// program than `program` too, where that is given.
AttrValue ToAttr(const py::handle& value, AttrType type, const ProgramDesc* program = nullptr);
// The wire type that follows from the value, for attributes that no op declares.
AttrType GuessType(const py::handle& value);
// Block attributes become BlockDescs of `program`, or their indices where there is none.
py::object FromAttr(const AttrValue& value, const ProgramPtr& program);

}  // namespace paddle::bindings
