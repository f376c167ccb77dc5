#include "paddle/program/program.h"

#include <pybind11/operators.h>

#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {
namespace {

using ProgramPtr = std::shared_ptr<ProgramDesc>;

// Names come as str or as bytes.
std::string ToName(const py::handle& name) {
  if (py::isinstance<py::bytes>(name)) return name.cast<py::bytes>();
  if (py::isinstance<py::str>(name)) return name.cast<std::string>();
  throw InvalidArgument(StrCat("a name must be a str, got ", py::str(py::type::of(name)).cast<std::string>()));
}

std::vector<std::string> ToNames(const py::iterable& names) {
  std::vector<std::string> out;
  for (const auto& name : names) out.push_back(ToName(name));
  return out;
}

py::object FromString(const std::string& text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
  if (decoded) return py::reinterpret_steal<py::object>(decoded);
  PyErr_Clear();
  return py::bytes(text);
}

// A block of a program that is kept alive as long as the reference.
struct BlockRefPy {
  ProgramPtr program;
  BlockDesc* block;
};

int64_t ToInteger(const py::handle& value) {
  const py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!index) {
    PyErr_Clear();
    throw InvalidArgument(StrCat("expected a whole number, got ", py::repr(value).cast<std::string>()));
  }
  int overflow = 0;
  const int64_t number = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  Require(!overflow, "the number ", py::repr(value).cast<std::string>(), " does not fit 64 bits");
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
    throw InvalidArgument(StrCat("expected a number, got ", py::repr(value).cast<std::string>()));
  }
  return number;
}

bool ToBool(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>();
  const int64_t number = ToInteger(value);
  Require(number == 0 || number == 1, "expected True or False, got ", number);
  return number == 1;
}

template <class T, class Convert>
std::vector<T> ToList(const py::handle& value, Convert convert) {
  if (!py::isinstance<py::iterable>(value) || py::isinstance<py::str>(value))
    throw InvalidArgument(StrCat("expected a list, got ", py::repr(value).cast<std::string>()));
  std::vector<T> out;
  for (const auto& item : value) out.push_back(convert(item));
  return out;
}

// The Python value as the wire type that the registry declares.
AttrValue ToAttr(const py::handle& value, AttrType type) {
  switch (type) {
    case AttrType::kInt: return ToInt32(value);
    case AttrType::kLong: return ToInteger(value);
    case AttrType::kFloat: return static_cast<float>(ToDouble(value));
    case AttrType::kBool: return ToBool(value);
    case AttrType::kString: return ToName(value);
    case AttrType::kInts: return ToList<int32_t>(value, ToInt32);
    case AttrType::kLongs: return ToList<int64_t>(value, ToInteger);
    case AttrType::kFloats: return ToList<float>(value, [](const py::handle& v) { return static_cast<float>(ToDouble(v)); });
    case AttrType::kDoubles: return ToList<double>(value, ToDouble);
    case AttrType::kBools: return ToList<bool>(value, ToBool);
    case AttrType::kStrings: return ToList<std::string>(value, ToName);
    case AttrType::kBlock: return BlockRef{value.cast<BlockRefPy&>().block->index()};
    case AttrType::kBlocks: return ToList<BlockRef>(value, [](const py::handle& v) { return BlockRef{v.cast<BlockRefPy&>().block->index()}; });
    case AttrType::kUnknown: break;
  }
  throw InvalidArgument("an attribute of unknown type cannot be set");
}

// For attributes that no registry entry declares: the type follows the value.
AttrType GuessType(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return AttrType::kBool;
  if (py::isinstance<py::int_>(value)) return ToInteger(value) == static_cast<int32_t>(ToInteger(value)) ? AttrType::kInt : AttrType::kLong;
  if (py::isinstance<py::float_>(value)) return AttrType::kFloat;
  if (py::isinstance<py::str>(value) || py::isinstance<py::bytes>(value)) return AttrType::kString;
  if (py::isinstance<BlockRefPy>(value)) return AttrType::kBlock;
  if (py::isinstance<py::sequence>(value)) {
    const py::sequence list = value.cast<py::sequence>();
    if (list.size() == 0) return AttrType::kInts;
    switch (GuessType(list[0])) {
      case AttrType::kBool: return AttrType::kBools;
      case AttrType::kInt: return AttrType::kInts;
      case AttrType::kLong: return AttrType::kLongs;
      case AttrType::kFloat: return AttrType::kFloats;
      case AttrType::kString: return AttrType::kStrings;
      case AttrType::kBlock: return AttrType::kBlocks;
      default: break;
    }
  }
  throw InvalidArgument(StrCat("a value like ", py::repr(value).cast<std::string>(), " cannot be an attribute"));
}

AttrType DeclaredType(const OpDesc& op, const std::string& name, const py::handle& value) {
  if (name == kOpRole) return AttrType::kInt;
  if (name == kOpRoleVar || name == kOpCallstack) return AttrType::kStrings;
  if (name == kOpNameScope || name == kOpDevice) return AttrType::kString;
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  const AttrSpec* spec = def ? def->FindAttr(name) : nullptr;
  return spec ? spec->type : GuessType(value);
}

void SetAttr(OpDesc& op, const std::string& name, const py::handle& value) {
  try {
    AttrValue converted = ToAttr(value, DeclaredType(op, name, value));
    const OpDef* def = Registry::Get().FindOrNull(op.type());
    if (def && !def->FindAttr(name) && !IsCommonAttr(name) && !CheckForeignAttr(name, converted)) {
      OpDesc probe(op.type());  // for the error that lists the names there are
      probe.SetAttr(name, converted);
      internal::CheckAttrNames(probe, def->attrs);
    }
    op.SetAttr(name, std::move(converted));
  } catch (const InvalidArgument& error) {
    const std::string line = op.UserLine();
    throw InvalidArgument(StrCat("attribute '", name, "' of op '", op.type(), "': ", error.what(), line.empty() ? "" : "\n  made at ", line));
  }
}

struct AttrToPython {
  const ProgramPtr& program;
  py::object operator()(const std::string& v) const { return FromString(v); }
  py::object operator()(BlockRef v) const { return py::cast(BlockRefPy{program, program ? &program->block(v.index) : nullptr}); }
  py::object operator()(const std::vector<BlockRef>& v) const {
    py::list out;
    for (const auto& block : v) out.append((*this)(block));
    return out;
  }
  py::object operator()(const std::vector<std::string>& v) const {
    py::list out;
    for (const auto& text : v) out.append(FromString(text));
    return out;
  }
  py::object operator()(const UnknownAttr& v) const { return py::bytes(v.bytes); }
  template <class T>
  py::object operator()(const T& v) const {
    return py::cast(v);
  }
};

// An op and the program that keeps blocks named by it alive. The op outlives its removal from the block.
struct OpRefPy {
  ProgramPtr program;
  std::shared_ptr<OpDesc> op;
  BlockDesc* block = nullptr;
};

OpRefPy OpAt(const BlockRefPy& self, int64_t index) {
  const auto& ops = self.block->ops();
  Require(index >= 0 && index < static_cast<int64_t>(ops.size()), "block ", self.block->index(), " has no op ", index, "; it has ", ops.size());
  return {self.program, ops[static_cast<size_t>(index)], self.block};
}

std::vector<std::string> SlotNames(const std::vector<OpDesc::Slot>& slots) {
  std::vector<std::string> names;
  for (const auto& slot : slots) names.push_back(slot.name);
  return names;
}

const std::vector<std::string>& SlotArgs(const std::vector<OpDesc::Slot>& slots, const std::string& name, const OpDesc& op) {
  for (const auto& slot : slots)
    if (slot.name == name) return slot.args;
  throw InvalidArgument(StrCat("op '", op.type(), "' has no slot '", name, "'"));
}

py::dict SlotDict(const std::vector<OpDesc::Slot>& slots) {
  py::dict out;
  for (const auto& slot : slots) out[py::str(slot.name)] = py::cast(slot.args);
  return out;
}

void BindOpDesc(py::module_& m) {
  py::class_<OpRefPy>(m, "OpDesc")
      .def(py::init([] { return OpRefPy{nullptr, std::make_shared<OpDesc>(), nullptr}; }))
      .def("type", [](const OpRefPy& self) { return self.op->type(); })
      .def("set_type", [](OpRefPy& self, const py::object& type) { self.op->set_type(ToName(type)); })
      .def("input", [](const OpRefPy& self, const py::object& slot) { return SlotArgs(self.op->inputs(), ToName(slot), *self.op); })
      .def("output", [](const OpRefPy& self, const py::object& slot) { return SlotArgs(self.op->outputs(), ToName(slot), *self.op); })
      .def("input_names", [](const OpRefPy& self) { return SlotNames(self.op->inputs()); })
      .def("output_names", [](const OpRefPy& self) { return SlotNames(self.op->outputs()); })
      .def("inputs", [](const OpRefPy& self) { return SlotDict(self.op->inputs()); })
      .def("outputs", [](const OpRefPy& self) { return SlotDict(self.op->outputs()); })
      .def("set_input", [](OpRefPy& self, const py::object& slot, const py::iterable& names) { self.op->SetInput(ToName(slot), ToNames(names)); })
      .def("set_output", [](OpRefPy& self, const py::object& slot, const py::iterable& names) { self.op->SetOutput(ToName(slot), ToNames(names)); })
      .def("input_arg_names", [](const OpRefPy& self) { return self.op->InputNames(); })
      .def("output_arg_names", [](const OpRefPy& self) { return self.op->OutputNames(); })
      .def("_rename_input", [](OpRefPy& self, const py::object& from, const py::object& to) { self.op->RenameInput(ToName(from), ToName(to)); })
      .def("_rename_output", [](OpRefPy& self, const py::object& from, const py::object& to) { self.op->RenameOutput(ToName(from), ToName(to)); })
      .def("has_attr", [](const OpRefPy& self, const std::string& name) { return self.op->FindAttr(name) != nullptr; })
      .def("attr_names", [](const OpRefPy& self) {
        std::vector<std::string> names;
        for (const auto& attr : self.op->attrs()) names.push_back(attr.first);
        return names;
      })
      .def("attr", [](const OpRefPy& self, const std::string& name) {
        const AttrValue* value = self.op->FindAttr(name);
        if (!value) throw NotFound(StrCat("op '", self.op->type(), "' has no attribute '", name, "'"));
        return std::visit(AttrToPython{self.program}, *value);
      })
      .def("attr_type", [](const OpRefPy& self, const std::string& name) {
        const AttrValue* value = self.op->FindAttr(name);
        if (!value) throw NotFound(StrCat("op '", self.op->type(), "' has no attribute '", name, "'"));
        return TypeOf(*value);
      })
      .def("_set_attr", [](OpRefPy& self, const std::string& name, const py::object& value) { SetAttr(*self.op, name, value); })
      .def("set_block_attr", [](OpRefPy& self, const std::string& name, const BlockRefPy& block) { self.op->SetAttr(name, BlockRef{block.block->index()}); })
      .def("set_blocks_attr", [](OpRefPy& self, const std::string& name, const py::list& blocks) { self.op->SetAttr(name, ToAttr(blocks, AttrType::kBlocks)); })
      .def("_block_attr_id", [](const OpRefPy& self, const std::string& name) { return self.op->AttrOr<BlockRef>(name, {}).index; })
      .def("_blocks_attr_ids", [](const OpRefPy& self, const std::string& name) {
        std::vector<int> ids;
        for (const auto& block : self.op->AttrOr<std::vector<BlockRef>>(name, {})) ids.push_back(block.index);
        return ids;
      })
      .def("remove_attr", [](OpRefPy& self, const std::string& name) { self.op->RemoveAttr(name); })
      .def("set_is_target", [](OpRefPy& self, bool value) { self.op->is_target = value; })
      .def("is_target", [](const OpRefPy& self) { return self.op->is_target.value_or(false); })
      .def("check_attrs", [](OpRefPy& self) {
        try {
          CompleteOp(self.op.get());
        } catch (const std::exception& error) {
          RethrowWithContext(error, DescribeOp(*self.op, self.block));
        }
      }, "Writes the defaults of attributes not set and checks slots and attributes.")
      .def("infer_var_type", [](OpRefPy&, const py::object&) {}, "Done together with infer_shape.")
      .def("infer_shape", [](OpRefPy& self, const BlockRefPy& block) { InferOp(*self.op, *block.block); })
      .def("copy_from", [](OpRefPy& self, const OpRefPy& other) {
        self.op->set_type(other.op->type());
        for (const auto& slot : other.op->inputs()) self.op->SetInput(slot.name, slot.args);
        for (const auto& slot : other.op->outputs()) self.op->SetOutput(slot.name, slot.args);
        for (const auto& [name, value] : other.op->attrs()) self.op->SetAttr(name, value);
      })
      .def("id", [](const OpRefPy& self) { return reinterpret_cast<uintptr_t>(self.op.get()); })
      .def("block", [](const OpRefPy& self) { return BlockRefPy{self.program, self.block}; })
      .def("serialize_to_string", [](const OpRefPy& self) { return py::bytes(self.op->Serialize()); })
      .def("to_text", [](const OpRefPy& self, bool details) { return ToText(*self.op, self.block, details); }, py::arg("details") = false)
      .def("__eq__", [](const OpRefPy& a, const OpRefPy& b) { return a.op == b.op; })
      .def("__hash__", [](const OpRefPy& self) { return std::hash<OpDesc*>()(self.op.get()); });
}

int ToRawType(const py::handle& type) {
  return py::isinstance<py::int_>(type) ? type.cast<int>() : type.attr("__int__")().cast<int>();
}

void BindVarDesc(py::module_& m) {
  py::class_<VarDesc, std::shared_ptr<VarDesc>> var(m, "VarDesc");
  var.def("name", [](const VarDesc& self) { return self.name(); })
      .def("set_name", [](VarDesc& self, const py::object& name) { self.set_name(ToName(name)); })
      .def("shape", &VarDesc::shape)
      .def("get_shape", &VarDesc::shape)
      .def("set_shape", &VarDesc::set_shape)
      .def("dtype", [](const VarDesc& self) { return py::module_::import("paddle._core").attr("VarDesc").attr("VarType")(self.raw_dtype()); })
      .def("set_dtype", [](VarDesc& self, const py::object& dtype) { self.set_raw_dtype(ToRawType(dtype)); })
      .def("lod_level", &VarDesc::lod_level)
      .def("set_lod_level", &VarDesc::set_lod_level)
      .def("type", [](const VarDesc& self) { return py::module_::import("paddle._core").attr("VarDesc").attr("VarType")(self.raw_type()); })
      .def("set_type", [](VarDesc& self, const py::object& type) { self.set_raw_type(ToRawType(type)); })
      .def("persistable", &VarDesc::persistable)
      .def("set_persistable", &VarDesc::set_persistable)
      .def("need_check_feed", &VarDesc::need_check_feed)
      .def("set_need_check_feed", &VarDesc::set_need_check_feed)
      .def("is_parameter", &VarDesc::is_parameter)
      .def("set_is_parameter", &VarDesc::set_is_parameter)
      .def("stop_gradient", &VarDesc::stop_gradient)
      .def("set_stop_gradient", &VarDesc::set_stop_gradient)
      .def("shapes", &VarDesc::reader_shapes)
      .def("dtypes", [](const VarDesc& self) {
        py::list out;
        for (const int dtype : self.reader_dtypes()) out.append(py::module_::import("paddle._core").attr("VarDesc").attr("VarType")(dtype));
        return out;
      })
      .def("lod_levels", &VarDesc::reader_lod_levels)
      .def("set_shapes", [](VarDesc& self, const std::vector<std::vector<int64_t>>& shapes) {
        auto dtypes = self.reader_dtypes(), levels = self.reader_lod_levels();
        dtypes.resize(shapes.size(), static_cast<int>(DType::kFloat32));
        levels.resize(shapes.size(), 0);
        self.set_reader(shapes, dtypes, levels);
      })
      .def("set_dtypes", [](VarDesc& self, const py::list& dtypes) {
        std::vector<int> raw;
        for (const auto& dtype : dtypes) raw.push_back(ToRawType(dtype));
        auto shapes = self.reader_shapes();
        auto levels = self.reader_lod_levels();
        shapes.resize(raw.size());
        levels.resize(raw.size(), 0);
        self.set_reader(shapes, raw, levels);
      })
      .def("set_lod_levels", [](VarDesc& self, const std::vector<int>& levels) {
        auto shapes = self.reader_shapes();
        auto dtypes = self.reader_dtypes();
        shapes.resize(levels.size());
        dtypes.resize(levels.size(), static_cast<int>(DType::kFloat32));
        self.set_reader(shapes, dtypes, levels);
      })
      .def("serialize_to_string", [](const VarDesc& self) { return py::bytes(self.Serialize()); });
}

enum class VarTypeEnum : int {};

void BindVarType(py::module_& m) {
  py::enum_<VarTypeEnum> type(m.attr("VarDesc"), "VarType", py::arithmetic());
  const std::pair<const char*, int> values[] = {
      {"BOOL", 0},        {"INT16", 1},          {"INT32", 2},       {"INT64", 3},       {"FP16", 4},        {"FP32", 5},
      {"FP64", 6},        {"LOD_TENSOR", 7},     {"SELECTED_ROWS", 8}, {"FEED_MINIBATCH", 9}, {"FETCH_LIST", 10}, {"STEP_SCOPES", 11},
      {"LOD_RANK_TABLE", 12}, {"LOD_TENSOR_ARRAY", 13}, {"PLACE_LIST", 14}, {"READER", 15},  {"RAW", 17},         {"TUPLE", 18},
      {"SIZE_T", 19},     {"UINT8", 20},         {"INT8", 21},       {"BF16", 22},       {"COMPLEX64", 23},   {"COMPLEX128", 24}};
  for (const auto& [name, value] : values) type.value(name, static_cast<VarTypeEnum>(value));
}

void BindBlockDesc(py::module_& m) {
  py::class_<BlockRefPy>(m, "BlockDesc")
      .def_property_readonly("id", [](const BlockRefPy& self) { return self.block->index(); })
      .def_property_readonly("parent", [](const BlockRefPy& self) { return self.block->parent_index(); })
      .def("get_forward_block_idx", [](const BlockRefPy& self) { return self.block->forward_block(); })
      .def("_set_forward_block_idx", [](BlockRefPy& self, int index) { self.block->set_forward_block(index); })
      .def("append_op", [](BlockRefPy& self) {
        self.block->AppendOp();
        return OpAt(self, static_cast<int64_t>(self.block->ops().size()) - 1);
      })
      .def("_prepend_op", [](BlockRefPy& self) {
        self.block->InsertOp(0);
        return OpAt(self, 0);
      })
      .def("_insert_op", [](BlockRefPy& self, int64_t index) {
        Require(index >= 0, "an op cannot be inserted at ", index);
        self.block->InsertOp(static_cast<size_t>(index));
        return OpAt(self, index);
      })
      .def("_remove_op", [](BlockRefPy& self, size_t begin, size_t end) { self.block->RemoveOps(begin, end); })
      .def("op", OpAt)
      .def("op_size", [](const BlockRefPy& self) { return self.block->ops().size(); })
      .def("var", [](BlockRefPy& self, const py::object& name) {
        self.block->Var(ToName(name));
        return self.block->FindVar(ToName(name));
      })
      .def("has_var", [](const BlockRefPy& self, const py::object& name) { return self.block->FindVar(ToName(name)) != nullptr; })
      .def("has_var_recursive", [](const BlockRefPy& self, const py::object& name) { return self.block->FindVarRecursive(ToName(name)) != nullptr; })
      .def("find_var", [](const BlockRefPy& self, const py::object& name) { return self.block->FindVar(ToName(name)); })
      .def("find_var_recursive", [](const BlockRefPy& self, const py::object& name) { return self.block->FindVarRecursive(ToName(name)); })
      .def("all_vars", [](const BlockRefPy& self) { return self.block->vars(); })
      .def("_remove_var", [](BlockRefPy& self, const py::object& name) { self.block->RemoveVar(ToName(name)); })
      .def("_rename_var", [](BlockRefPy& self, const py::object& from, const py::object& to) { self.block->RenameVar(ToName(from), ToName(to)); })
      .def("serialize_to_string", [](const BlockRefPy& self) { return py::bytes(self.block->Serialize()); });
}

}  // namespace

void BindProgram(py::module_& m) {
  BindVarDesc(m);
  BindVarType(m);
  py::enum_<AttrType>(m, "AttrType", py::arithmetic())
      .value("INT", AttrType::kInt)
      .value("FLOAT", AttrType::kFloat)
      .value("STRING", AttrType::kString)
      .value("INTS", AttrType::kInts)
      .value("FLOATS", AttrType::kFloats)
      .value("STRINGS", AttrType::kStrings)
      .value("BOOL", AttrType::kBool)
      .value("BOOLS", AttrType::kBools)
      .value("BLOCK", AttrType::kBlock)
      .value("LONG", AttrType::kLong)
      .value("BLOCKS", AttrType::kBlocks)
      .value("LONGS", AttrType::kLongs)
      .value("FLOAT64S", AttrType::kDoubles);
  BindOpDesc(m);
  BindBlockDesc(m);
  py::class_<ProgramDesc, ProgramPtr>(m, "ProgramDesc")
      .def(py::init([] { return std::make_shared<ProgramDesc>(); }))
      .def(py::init([](const py::bytes& bytes) { return ProgramDesc::Parse(std::string_view(bytes)); }))
      .def(py::init([](const ProgramDesc& other) { return other.Clone(); }))
      .def("copy", &ProgramDesc::Clone)
      .def("block", [](const ProgramPtr& self, int index) { return BlockRefPy{self, &self->block(index)}; })
      .def("append_block", [](const ProgramPtr& self, const BlockRefPy& parent) { return BlockRefPy{self, &self->AppendBlock(*parent.block)}; })
      .def("num_blocks", &ProgramDesc::size)
      .def("flush", [](const ProgramPtr&) {})
      .def("serialize_to_string", [](const ProgramDesc& self) { return py::bytes(self.Serialize()); })
      .def_static("parse_from_string", [](const py::bytes& bytes) { return ProgramDesc::Parse(std::string_view(bytes)); })
      .def("_version", &ProgramDesc::version)
      .def("_set_version", &ProgramDesc::set_version, py::arg("version") = 0)
      .def("to_text", [](const ProgramDesc& self, bool details) { return ToText(self, details); }, py::arg("details") = false)
      .def("verify", [](const ProgramDesc& self) { Verify(self); })
      .def_property_readonly("uid", &ProgramDesc::uid)
      .def_property_readonly("edit_count", &ProgramDesc::edits);
  m.def("kEmptyVarName", [] { return std::string(kEmptyName); });
  m.def("empty_var_name", [] { return std::string(kEmptyName); });
  m.def("grad_var_suffix", [] { return std::string(kGradSuffix); });
  m.def("kGradVarSuffix", [] { return std::string(kGradSuffix); });
}

}  // namespace paddle::bindings
