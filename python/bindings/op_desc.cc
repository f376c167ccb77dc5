#include "paddle/op/check.h"
#include "paddle/op/registry.h"
#include "paddle/program/parse_op.h"
#include "python/bindings/convert.h"

namespace paddle::bindings {

std::shared_ptr<OpDesc> OpHandle::get() const {
  auto op = op_.lock();
  if (!op) throw Error("this op was removed from its block; the reference to it is no longer good");
  return op;
}

namespace {

AttrType DeclaredType(const OpDesc& op, const OpDef* def, const std::string& name, const py::handle& value) {
  if (name == kOpRole) return AttrType::kInt;
  if (name == kOpRoleVar || name == kOpCallstack) return AttrType::kStrings;
  if (name == kOpNameScope || name == kOpDevice) return AttrType::kString;
  if (const AttrSpec* spec = def ? def->FindAttr(name) : nullptr) return spec->type;
  const AttrValue* present = op.FindAttr(name);
  return present && !def ? TypeOf(*present) : GuessType(value);
}

void SetAttr(const OpHandle& self, const std::string& name, const py::handle& value) {
  const auto held = self.get();
  OpDesc& op = *held;
  const OpDef* def = Registry::Get().FindOrNull(op.type());
  const AttrSpec* spec = def ? def->FindAttr(name) : nullptr;
  try {
    AttrValue converted = ToAttr(value, DeclaredType(op, def, name, value), self.program().get());
    if (def && !spec && !IsCommonAttr(name) && !CheckForeignAttr(name, converted)) {
      OpDesc probe(op.type());  // for the error that lists the names there are
      probe.SetAttr(name, converted);
      internal::CheckAttrNames(probe, def->attrs);
    }
    op.SetAttr(name, std::move(converted));
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(StrCat("attribute '", name, "' of op '", op.type(), "'",
                                 spec ? StrCat(" (", NameOf(spec->type), ")") : "", ": ", error.what(),
                                 DescribeOp(op, self.block())));
  } catch (const Error& error) {
    RethrowWithContext(error, DescribeOp(op, self.block()));
  }
}

const AttrValue& GetAttr(const OpDesc& op, const std::string& name) {
  if (const AttrValue* value = op.FindAttr(name)) return *value;
  std::string names;
  for (const auto& attr : op.attrs()) names += (names.empty() ? "" : ", ") + attr.first;
  throw NotFound(
      StrCat("op '", op.type(), "' has no attribute '", name, "'; it has: ", names.empty() ? "none" : names));
}

std::vector<std::string> SlotNames(const std::vector<OpDesc::Slot>& slots) {
  std::vector<std::string> names;
  for (const auto& slot : slots) names.push_back(slot.name);
  return names;
}

std::vector<std::string> SlotArgs(const OpDesc& op, const std::vector<OpDesc::Slot>& slots, const std::string& name,
                                  const char* what) {
  for (const auto& slot : slots)
    if (slot.name == name) return slot.args;
  throw NotFound(StrCat("op '", op.type(), "' has no ", what, " '", name, "'; it has: ", SlotNames(slots)));
}

py::dict SlotDict(const std::vector<OpDesc::Slot>& slots) {
  py::dict out;
  for (const auto& slot : slots) out[py::str(slot.name)] = slot.args;
  return out;
}

void Complete(const OpHandle& self) {
  const auto op = self.get();
  try {
    CompleteOp(op.get());
  } catch (const std::exception& error) {
    RethrowWithContext(error, DescribeOp(*op, self.block()));
  }
}

void BindSlots(py::class_<OpHandle>& op) {
  op.def(
        "input",
        [](const OpHandle& self, const py::object& slot) {
          return SlotArgs(*self.get(), self.get()->inputs(), ToName(slot), "input");
        },
        "Names of the variables in an input slot.")
      .def("output",
           [](const OpHandle& self, const py::object& slot) {
             return SlotArgs(*self.get(), self.get()->outputs(), ToName(slot), "output");
           })
      .def("input_names", [](const OpHandle& self) { return SlotNames(self.get()->inputs()); })
      .def("output_names", [](const OpHandle& self) { return SlotNames(self.get()->outputs()); })
      .def("inputs", [](const OpHandle& self) { return SlotDict(self.get()->inputs()); })
      .def("outputs", [](const OpHandle& self) { return SlotDict(self.get()->outputs()); })
      .def("set_input", [](const OpHandle& self, const py::object& slot,
                           const py::object& names) { self.get()->SetInput(ToName(slot), ToNames(names)); })
      .def("set_output", [](const OpHandle& self, const py::object& slot,
                            const py::object& names) { self.get()->SetOutput(ToName(slot), ToNames(names)); })
      .def("input_arg_names", [](const OpHandle& self) { return self.get()->InputNames(); })
      .def("output_arg_names", [](const OpHandle& self) { return self.get()->OutputNames(); })
      .def("_rename_input", [](const OpHandle& self, const py::object& from,
                               const py::object& to) { self.get()->RenameInput(ToName(from), ToName(to)); })
      .def("_rename_output", [](const OpHandle& self, const py::object& from, const py::object& to) {
        self.get()->RenameOutput(ToName(from), ToName(to));
      });
}

void BindAttrs(py::class_<OpHandle>& op) {
  op.def("has_attr",
         [](const OpHandle& self, const std::string& name) { return self.get()->FindAttr(name) != nullptr; })
      .def("attr_names",
           [](const OpHandle& self) {
             std::vector<std::string> names;
             for (const auto& attr : self.get()->attrs()) names.push_back(attr.first);
             return names;
           })
      .def("attr", [](const OpHandle& self,
                      const std::string& name) { return FromAttr(GetAttr(*self.get(), name), self.program()); })
      .def("attr_type",
           [](const OpHandle& self, const std::string& name) { return TypeOf(GetAttr(*self.get(), name)); })
      .def(
          "_set_attr",
          [](const OpHandle& self, const std::string& name, const py::object& value) { SetAttr(self, name, value); },
          "Sets an attribute, converted to the type that the op declares. ValueError for unknown names and wrong "
          "types.")
      .def("set_serialized_attr", [](const OpHandle& self, const std::string& name,
                                     const py::bytes& value) { self.get()->SetAttr(name, std::string(value)); })
      .def("set_block_attr",
           [](const OpHandle& self, const std::string& name, const py::object& block) {
             self.get()->SetAttr(name, ToAttr(block, AttrType::kBlock, self.program().get()));
           })
      .def("set_blocks_attr",
           [](const OpHandle& self, const std::string& name, const py::object& blocks) {
             self.get()->SetAttr(name, ToAttr(blocks, AttrType::kBlocks, self.program().get()));
           })
      .def("_block_attr_id",
           [](const OpHandle& self, const std::string& name) {
             const auto* block = std::get_if<BlockRef>(&GetAttr(*self.get(), name));
             Require(block != nullptr, "attribute '", name, "' is not a block");
             return block->index;
           })
      .def("_blocks_attr_ids",
           [](const OpHandle& self, const std::string& name) {
             const auto* blocks = std::get_if<std::vector<BlockRef>>(&GetAttr(*self.get(), name));
             Require(blocks != nullptr, "attribute '", name, "' is not a list of blocks");
             std::vector<int> ids;
             for (const auto& block : *blocks) ids.push_back(block.index);
             return ids;
           })
      .def("remove_attr", [](const OpHandle& self, const std::string& name) { self.get()->RemoveAttr(name); });
}

}  // namespace

void BindOpDesc(py::module_& m) {
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
  py::class_<BlockHandle> block(m, "BlockDesc",
                                "One block of a program: its variables and ops.");  // filled in program.cc
  py::class_<OpHandle> op(m, "OpDesc", "One op of a program: type, slots of variable names, attributes.");
  BindSlots(op);
  BindAttrs(op);
  op.def(py::init<>())
      .def_static(
          "parse_from_string",
          [](const py::bytes& bytes) { return OpHandle(std::make_shared<OpDesc>(ParseOp(std::string_view(bytes)))); },
          "An op of its own from what serialize_to_string gave.")
      .def("type", [](const OpHandle& self) { return self.get()->type(); })
      .def("set_type", [](const OpHandle& self, const py::object& type) { self.get()->set_type(ToName(type)); })
      .def("set_is_target", [](const OpHandle& self, bool value) { self.get()->is_target = value; })
      .def("is_target", [](const OpHandle& self) { return self.get()->is_target.value_or(false); })
      .def("check_attrs", Complete, "Writes the defaults of attributes not set and checks slots and attributes.")
      .def(
          "infer_var_type", [](const OpHandle& self, const BlockHandle& block) { InferOp(*self.get(), *block.block); },
          "The same as infer_shape.")
      .def(
          "infer_shape", [](const OpHandle& self, const BlockHandle& block) { InferOp(*self.get(), *block.block); },
          "Writes kind, element type, shape and LoD level of the outputs into their VarDescs.")
      .def("copy_from", [](const OpHandle& self, const OpHandle& other) { self.get()->CopyFrom(*other.get()); })
      .def("id", [](const OpHandle& self) { return reinterpret_cast<uintptr_t>(self.get().get()); })
      .def(
          "block",
          [](const OpHandle& self) -> py::object {
            if (!self.block()) return py::none();
            return py::cast(BlockHandle{self.program(), self.block()});
          },
          "The BlockDesc that the op is in; None for an op of its own.")
      .def("serialize_to_string", [](const OpHandle& self) { return py::bytes(self.get()->Serialize()); })
      .def(
          "to_text", [](const OpHandle& self, bool details) { return ToText(*self.get(), self.block(), details); },
          py::arg("details") = false)
      .def(
          "__eq__", [](const OpHandle& self, const OpHandle& other) { return self.Same(other); }, py::is_operator())
      .def("__hash__", [](const OpHandle& self) { return std::hash<OpDesc*>()(self.get().get()); });
}

}  // namespace paddle::bindings
