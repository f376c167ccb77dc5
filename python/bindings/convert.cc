#include "python/bindings/convert.h"

#include <cmath>

namespace paddle::bindings {
namespace {

std::string Repr(const py::handle& value) {
  constexpr size_t kShown = 200;  // characters
  const py::str text = py::repr(value);
  const size_t length = py::len(text);
  if (length <= kShown) return text.cast<std::string>();
  return StrCat(text[py::slice(0, kShown, 1)].cast<std::string>(), "... ", length - kShown, " more characters");
}

int64_t ToInteger(const py::handle& value) {
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!index) {
    PyErr_Clear();
    throw InvalidArgument(StrCat("expected a whole number, got ", Repr(value)));
  }
  int overflow = 0;
  const int64_t number = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  Require(!overflow, "the number ", Repr(value), " does not fit 64 bits");
  return number;
}

int32_t ToInt32(const py::handle& value) {
  const int64_t number = ToInteger(value);
  Require(number == static_cast<int32_t>(number), "the number ", number, " does not fit 32 bits");
  return static_cast<int32_t>(number);
}

double ToDouble(const py::handle& value) {
  const double number = PyFloat_AsDouble(value.ptr());
  if (number == -1.0 && PyErr_Occurred()) {
    PyErr_Clear();
    throw InvalidArgument(StrCat("expected a number, got ", Repr(value)));
  }
  return number;
}

float ToFloat(const py::handle& value) {
  const double number = ToDouble(value);
  const auto narrow = static_cast<float>(number);
  Require(std::isfinite(narrow) || !std::isfinite(number), "the number ", number, " does not fit a 32-bit float");
  return narrow;
}

bool ToBool(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>();
  const py::object number_like =
      py::hasattr(value, "item") ? value.attr("item")() : py::reinterpret_borrow<py::object>(value);  // numpy.bool_
  const int64_t number = ToInteger(number_like);
  Require(number == 0 || number == 1, "expected True or False, got ", number);
  return number == 1;
}

BlockRef ToBlock(const py::handle& value, const ProgramDesc* program) {
  if (!py::isinstance<BlockHandle>(value)) throw InvalidArgument(StrCat("expected a BlockDesc, got ", Repr(value)));
  const auto& block = value.cast<const BlockHandle&>();
  Require(!program || block.program.get() == program, "block ", block.block->index(),
          " belongs to another program than the op");
  return BlockRef{block.block->index()};
}

template <class Convert>
auto ToList(const py::handle& value, Convert convert) {
  if (!py::isinstance<py::iterable>(value) || py::isinstance<py::str>(value) || py::isinstance<py::bytes>(value))
    throw InvalidArgument(StrCat("expected a list, got ", Repr(value)));
  std::vector<decltype(convert(value))> out;
  for (const auto& item : value) out.push_back(convert(item));
  return out;
}

AttrType ListOf(AttrType type) {
  switch (type) {
    case AttrType::kBool:
      return AttrType::kBools;
    case AttrType::kInt:
      return AttrType::kInts;
    case AttrType::kLong:
      return AttrType::kLongs;
    case AttrType::kFloat:
      return AttrType::kFloats;
    case AttrType::kString:
      return AttrType::kStrings;
    case AttrType::kBlock:
      return AttrType::kBlocks;
    default:
      throw InvalidArgument("lists of lists cannot be attributes");
  }
}

struct ToPython {
  const ProgramPtr& program;
  py::object operator()(const std::string& text) const { return FromText(text); }
  py::object operator()(BlockRef ref) const {
    if (!program) return py::int_(ref.index);
    return py::cast(BlockHandle{program, &program->block(ref.index)});
  }
  py::object operator()(const std::vector<BlockRef>& refs) const { return List(refs); }
  py::object operator()(const std::vector<std::string>& texts) const { return List(texts); }
  py::object operator()(const UnknownAttr& attr) const { return py::bytes(attr.bytes); }
  template <class T>
  py::object operator()(const T& value) const {
    return py::cast(value);
  }
  template <class T>
  py::object List(const std::vector<T>& values) const {
    py::list out;
    for (const auto& value : values) out.append((*this)(value));
    return out;
  }
};

}  // namespace

std::string ToName(const py::handle& name) {
  if (py::isinstance<py::bytes>(name)) return name.cast<py::bytes>();
  if (py::isinstance<py::str>(name)) return name.cast<std::string>();
  throw InvalidArgument(StrCat("expected a str, got ", Repr(name)));
}

std::vector<std::string> ToNames(const py::handle& names) { return ToList(names, ToName); }

py::object FromText(const std::string& text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
  if (decoded) return py::reinterpret_steal<py::object>(decoded);
  PyErr_Clear();
  return py::bytes(text);
}

AttrValue ToAttr(const py::handle& value, AttrType type, const ProgramDesc* program) {
  switch (type) {
    case AttrType::kInt:
      return ToInt32(value);
    case AttrType::kLong:
      return ToInteger(value);
    case AttrType::kFloat:
      return ToFloat(value);
    case AttrType::kBool:
      return ToBool(value);
    case AttrType::kString:
      return ToName(value);
    case AttrType::kInts:
      return ToList(value, ToInt32);
    case AttrType::kLongs:
      return ToList(value, ToInteger);
    case AttrType::kFloats:
      return ToList(value, ToFloat);
    case AttrType::kDoubles:
      return ToList(value, ToDouble);
    case AttrType::kBools:
      return ToList(value, ToBool);
    case AttrType::kStrings:
      return ToList(value, ToName);
    case AttrType::kBlock:
      return ToBlock(value, program);
    case AttrType::kBlocks:
      return ToList(value, [&](const py::handle& item) { return ToBlock(item, program); });
    case AttrType::kUnknown:
      break;
  }
  throw InvalidArgument("an attribute of a type that this version does not know cannot be set");
}

AttrType GuessType(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return AttrType::kBool;
  if (py::isinstance<py::str>(value) || py::isinstance<py::bytes>(value)) return AttrType::kString;
  if (py::isinstance<py::float_>(value)) return AttrType::kFloat;
  if (py::isinstance<BlockHandle>(value)) return AttrType::kBlock;
  if (PyIndex_Check(value.ptr())) {
    const int64_t number = ToInteger(value);
    return number == static_cast<int32_t>(number) ? AttrType::kInt : AttrType::kLong;
  }
  if (py::isinstance<py::sequence>(value)) {
    const auto list = py::reinterpret_borrow<py::sequence>(value);
    AttrType type = list.size() == 0 ? AttrType::kInt : GuessType(list[0]);
    for (const auto& item : list) {
      const AttrType other = GuessType(item);
      if (type == AttrType::kInt && (other == AttrType::kLong || other == AttrType::kFloat)) type = other;
    }
    return ListOf(type);
  }
  throw InvalidArgument(StrCat("a value like ", Repr(value), " cannot be an attribute"));
}

py::object FromAttr(const AttrValue& value, const ProgramPtr& program) { return std::visit(ToPython{program}, value); }

}  // namespace paddle::bindings
