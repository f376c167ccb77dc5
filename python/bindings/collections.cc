// SelectedRows, LoDTensorArray and LodRankTable.

#include "paddle/tensor/rank_table.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {

TensorArrayHandle NewTensorArray(std::vector<Tensor> items) {
  auto owner = std::make_shared<Variable>();
  owner->Become<TensorArray>().items = std::move(items);
  return {std::move(owner), nullptr};
}

py::object ToPython(Variable&& variable) {
  auto owner = std::make_shared<Variable>(std::move(variable));
  if (owner->holds<Tensor>()) return py::cast(TensorHandle(std::move(owner), nullptr));
  if (owner->holds<SelectedRows>()) return py::cast(SelectedRowsHandle{std::move(owner), nullptr});
  if (owner->holds<TensorArray>()) return py::cast(TensorArrayHandle{std::move(owner), nullptr});
  throw InvalidArgument(StrCat("a ", owner->kind(), " cannot be handed to Python"));
}

namespace {

SelectedRowsHandle NewSelectedRows(const std::vector<int64_t>& rows, int64_t height) {
  auto owner = std::make_shared<Variable>();
  auto& held = owner->Become<SelectedRows>();
  held.rows = rows;
  held.set_height(height);
  return {std::move(owner), nullptr};
}

void BindSelectedRows(py::module_& m) {
  py::class_<SelectedRowsHandle>(
      m, "SelectedRows", "Some rows of a large matrix; a row may appear more than once, the matrix meant is the sum.")
      .def(py::init([] { return NewSelectedRows({}, 0); }))
      .def(py::init(&NewSelectedRows), py::arg("rows"), py::arg("height"))
      .def("rows", [](const SelectedRowsHandle& self) { return self.get().rows; })
      .def("set_rows",
           [](const SelectedRowsHandle& self, const std::vector<int64_t>& rows) { self.Free().rows = rows; })
      .def("height", [](const SelectedRowsHandle& self) { return self.get().height(); })
      .def("set_height", [](const SelectedRowsHandle& self, int64_t height) { self.Free().set_height(height); })
      .def("numel",
           [](const SelectedRowsHandle& self) { return self.get().value.initialized() ? self.get().value.numel() : 0; })
      .def("sync_index", [](const SelectedRowsHandle&) {})
      .def(
          "get_tensor",
          [](const SelectedRowsHandle& self) { return TensorHandle(self.owner, self.scope, TensorHandle::kRows); },
          "The rows as a LoDTensor [number of rows, ...]: a reference, not a copy.")
      .def("__str__", [](const SelectedRowsHandle& self) {
        const SelectedRows& held = self.get();
        return StrCat("SelectedRows of height ", held.height(), ", rows ", held.rows, ", value ", held.value.meta());
      });
}

Tensor& Item(const TensorArrayHandle& self, int64_t i) {
  auto& items = self.get().items;
  if (i < 0 || i >= static_cast<int64_t>(items.size()))
    throw py::index_error(StrCat("item ", i, " of an array of ", items.size()));
  return items[static_cast<size_t>(i)];
}

void BindTensorArray(py::module_& m) {
  py::class_<TensorArrayHandle>(m, "LoDTensorArray", "A list of LoDTensors that grows.")
      .def(py::init([] { return NewTensorArray(); }))
      .def("__len__", [](const TensorArrayHandle& self) { return self.get().items.size(); })
      .def("__getitem__",
           [](const TensorArrayHandle& self, int64_t i) {
             Item(self, i);
             return TensorHandle(self.owner, self.scope, i);
           })
      .def("__setitem__",
           [](const TensorArrayHandle& self, int64_t i, const TensorHandle& tensor) {
             CheckFree(self.scope);
             Item(self, i).ShareFrom(Tensor(tensor.get()));
           })
      .def("append",
           [](const TensorArrayHandle& self, const TensorHandle& tensor) {
             const Tensor shared = tensor.get();  // `tensor` may be an item of the array that grows
             self.Free().items.push_back(shared);
           })
      .def("_move_to_list", [](const TensorArrayHandle& self) {
        py::list out;
        for (Tensor& tensor : self.Free().items) out.append(TensorHandle(std::move(tensor)));
        self.get().items.clear();
        return out;
      });
}

void BindRankTable(py::module_& m) {
  py::class_<RankTable>(m, "LodRankTable", "The sequences of one LoD level by length, longest first.")
      .def(
          "items",
          [](const RankTable& self) {
            std::vector<std::pair<int64_t, int64_t>> out;
            for (const auto& item : self.items) out.emplace_back(item.index, item.length);
            return out;
          },
          "(place in the tensor, length) of each sequence.");
}

}  // namespace

void BindCollections(py::module_& m) {
  BindRankTable(m);
  BindSelectedRows(m);
  BindTensorArray(m);
}

}  // namespace paddle::bindings
