#include "paddle/program/program.h"
#include "python/bindings/convert.h"

namespace paddle::bindings {

std::shared_ptr<VarDesc> VarHandle::get() const {
  auto var = var_.lock();
  if (!var) throw Error("this variable was removed from its block; the reference to it is no longer good");
  return var;
}

VarType ToVarType(const py::handle& value) {
  if (py::isinstance<VarType>(value)) return value.cast<VarType>();
  if (PyIndex_Check(value.ptr())) return static_cast<VarType>(value.cast<int>());
  throw InvalidArgument(StrCat("expected a core.VarDesc.VarType, got ", py::repr(value).cast<std::string>()));
}

namespace {

int ToNumber(const py::handle& value) { return static_cast<int>(ToVarType(value)); }

void BindVarType(const py::object& scope) {
  py::enum_<VarType> type(scope, "VarType", py::arithmetic());
  const std::pair<const char*, int> values[] = {{"BOOL", 0},
                                                {"INT16", 1},
                                                {"INT32", 2},
                                                {"INT64", 3},
                                                {"FP16", 4},
                                                {"FP32", 5},
                                                {"FP64", 6},
                                                {"LOD_TENSOR", 7},
                                                {"SELECTED_ROWS", 8},
                                                {"FEED_MINIBATCH", 9},
                                                {"FETCH_LIST", 10},
                                                {"STEP_SCOPES", 11},
                                                {"LOD_RANK_TABLE", 12},
                                                {"LOD_TENSOR_ARRAY", 13},
                                                {"PLACE_LIST", 14},
                                                {"READER", 15},
                                                {"RAW", 17},
                                                {"TUPLE", 18},
                                                {"SIZE_T", 19},
                                                {"UINT8", 20},
                                                {"INT8", 21},
                                                {"BF16", 22},
                                                {"COMPLEX64", 23},
                                                {"COMPLEX128", 24}};
  for (const auto& [name, value] : values) type.value(name, static_cast<VarType>(value));
}

// Readers: lists of one entry a tensor; entries that the shorter lists lack are filled in.
struct ReaderDesc {
  std::vector<std::vector<int64_t>> shapes;
  std::vector<int> dtypes, lod_levels;

  explicit ReaderDesc(const VarDesc& var)
      : shapes(var.reader_shapes()), dtypes(var.reader_dtypes()), lod_levels(var.reader_lod_levels()) {}
  void Write(VarDesc* var, size_t count) {
    shapes.resize(count);
    dtypes.resize(count, static_cast<int>(DType::kFloat32));
    lod_levels.resize(count, 0);
    var->set_reader(shapes, dtypes, lod_levels);
  }
};

template <class List>
List OfReader(const VarDesc& var, List list) {
  Require(var.kind() == VarKind::kReader, "variable '", var.name(), "' is a ", var.kind(), ", not a reader");
  return list;
}

void BindReaderParts(py::class_<VarHandle>& var) {
  var.def("shapes", [](const VarHandle& self) { return OfReader(*self.get(), self.get()->reader_shapes()); })
      .def("dtypes",
           [](const VarHandle& self) {
             py::list out;
             for (const int dtype : OfReader(*self.get(), self.get()->reader_dtypes()))
               out.append(static_cast<VarType>(dtype));
             return out;
           })
      .def("lod_levels", [](const VarHandle& self) { return OfReader(*self.get(), self.get()->reader_lod_levels()); })
      .def("set_shapes",
           [](const VarHandle& self, const std::vector<std::vector<int64_t>>& shapes) {
             ReaderDesc reader(*self.get());
             reader.shapes = shapes;
             reader.Write(self.get().get(), shapes.size());
           })
      .def("set_dtypes",
           [](const VarHandle& self, const py::list& dtypes) {
             ReaderDesc reader(*self.get());
             reader.dtypes.clear();
             for (const auto& dtype : dtypes) reader.dtypes.push_back(ToNumber(dtype));
             reader.Write(self.get().get(), dtypes.size());
           })
      .def("set_lod_levels", [](const VarHandle& self, const std::vector<int>& levels) {
        ReaderDesc reader(*self.get());
        reader.lod_levels = levels;
        reader.Write(self.get().get(), levels.size());
      });
}

}  // namespace

void BindVarDesc(py::module_& m) {
  py::class_<VarHandle> var(m, "VarDesc",
                            "What a variable of a program will hold: kind, element type, shape, LoD level.");
  BindVarType(var);
  var.def(py::init([](const py::object& name) { return VarHandle(std::make_shared<VarDesc>(ToName(name))); }),
          py::arg("name"))
      .def("name", [](const VarHandle& self) { return FromText(self.get()->name()); })
      .def("set_name", [](const VarHandle& self, const py::object& name) { self.get()->set_name(ToName(name)); })
      .def(
          "shape", [](const VarHandle& self) { return self.get()->shape(); }, "Sizes; -1 is unknown.")
      .def("get_shape", [](const VarHandle& self) { return self.get()->shape(); })
      .def("set_shape", [](const VarHandle& self, const std::vector<int64_t>& shape) { self.get()->set_shape(shape); })
      .def("dtype", [](const VarHandle& self) { return static_cast<VarType>(self.get()->raw_dtype()); })
      .def("set_dtype",
           [](const VarHandle& self, const py::object& dtype) { self.get()->set_raw_dtype(ToNumber(dtype)); })
      .def("lod_level", [](const VarHandle& self) { return self.get()->lod_level(); })
      .def("set_lod_level", [](const VarHandle& self, int level) { self.get()->set_lod_level(level); })
      .def("type", [](const VarHandle& self) { return static_cast<VarType>(self.get()->raw_type()); })
      .def("set_type", [](const VarHandle& self, const py::object& type) { self.get()->set_raw_type(ToNumber(type)); })
      .def("persistable", [](const VarHandle& self) { return self.get()->persistable(); })
      .def("set_persistable", [](const VarHandle& self, bool value) { self.get()->set_persistable(value); })
      .def("need_check_feed", [](const VarHandle& self) { return self.get()->need_check_feed(); })
      .def("set_need_check_feed", [](const VarHandle& self, bool value) { self.get()->set_need_check_feed(value); })
      .def("is_parameter", [](const VarHandle& self) { return self.get()->is_parameter(); })
      .def("set_is_parameter", [](const VarHandle& self, bool value) { self.get()->set_is_parameter(value); })
      .def("stop_gradient", [](const VarHandle& self) { return self.get()->stop_gradient(); })
      .def("set_stop_gradient", [](const VarHandle& self, bool value) { self.get()->set_stop_gradient(value); })
      .def("serialize_to_string", [](const VarHandle& self) { return py::bytes(self.get()->Serialize()); })
      .def(
          "__eq__", [](const VarHandle& self, const VarHandle& other) { return self.Same(other); }, py::is_operator())
      .def("__hash__", [](const VarHandle& self) { return std::hash<VarDesc*>()(self.get().get()); });
  BindReaderParts(var);
}

}  // namespace paddle::bindings
