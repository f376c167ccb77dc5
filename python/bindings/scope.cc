#include "python/bindings/scope.h"

#include "paddle/tensor/blocking_queue.h"
#include "paddle/tensor/rank_table.h"
#include "python/bindings/convert.h"
#include "python/bindings/feed_fetch.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

py::object Find(const ScopeHandle& self, const py::object& name) {
  const std::string wanted = ToName(name);
  for (const ScopeHandle* scope = &self; scope; scope = scope->parent.get())
    if (auto variable = scope->scope->ShareLocal(wanted))
      return py::cast(VariableHandle{*scope, std::move(variable), wanted});
  return py::none();
}

ScopeHandle Child(const ScopeHandle& self, std::shared_ptr<Scope> child) {
  return {std::move(child), std::make_shared<const ScopeHandle>(self)};
}

// A plain number in a variable.
template <class T>
bool HoldsNumber(const VariableHandle& self) {
  return self.variable->holds<Opaque>() && std::any_cast<T>(&self.variable->get<Opaque>().value);
}

template <class T>
T GetNumber(const VariableHandle& self) {
  Require(HoldsNumber<T>(self), "variable '", self.name, "' does not hold ",
          std::is_integral_v<T> ? "an int" : "a float");
  return std::any_cast<T>(self.variable->get<Opaque>().value);
}

template <class T>
void SetNumber(const VariableHandle& self, T value) {
  self.Become<Opaque>().value = value;
}

std::shared_ptr<BlockingQueue> GetReader(const VariableHandle& self) {
  const auto* queue = std::any_cast<std::shared_ptr<BlockingQueue>>(&self.variable->get<Opaque>().value);
  Require(queue != nullptr, "variable '", self.name, "' holds no reader; run the startup program first");
  return *queue;
}

py::tuple RandomState(const ScopeHandle& self) {
  const auto state = self.scope->random_state();
  return py::make_tuple(state.seed, state.step, state.seeded);
}

void BindVariable(py::module_& m) {
  py::class_<VariableHandle>(m, "Variable", "What a name in a scope holds.")
      .def("name", [](const VariableHandle& self) { return self.name; })
      .def(
          "get_tensor",
          [](const VariableHandle& self) {
            self.Hold<Tensor>();
            return TensorHandle(self.variable, self.owner.scope);
          },
          "The LoDTensor that it holds, by reference; an empty variable becomes one.")
      .def("get_selected_rows",
           [](const VariableHandle& self) {
             self.Hold<SelectedRows>();
             return SelectedRowsHandle{self.variable, self.owner.scope};
           })
      .def("get_lod_tensor_array",
           [](const VariableHandle& self) {
             self.Hold<TensorArray>();
             return TensorArrayHandle{self.variable, self.owner.scope};
           })
      .def(
          "get_lod_rank_table", [](const VariableHandle& self) { return RankTableOf(self.Hold<Opaque>()); },
          "A copy of the rank table that it holds.")
      .def("get_reader", GetReader)
      .def("get_fetch_list", FetchListOf, "What fetch ops left; an empty variable becomes an empty list.")
      .def("is_int", HoldsNumber<int32_t>)
      .def("set_int", SetNumber<int32_t>)
      .def("get_int", GetNumber<int32_t>)
      .def("is_float", HoldsNumber<float>)
      .def("set_float", SetNumber<float>)
      .def("get_float", GetNumber<float>)
      .def("get_bytes",
           [](const VariableHandle& self) {
             const auto* bytes = std::any_cast<std::string>(&self.Hold<Opaque>().value);
             Require(bytes != nullptr, "variable '", self.name, "' does not hold bytes");
             return py::bytes(*bytes);
           })
      .def(
          "set_scope",
          [](const VariableHandle& self, const ScopeHandle& scope) { self.Become<Opaque>().value = scope; },
          py::arg("scope"), "Holds a scope from now on.")
      .def("is_initialized", [](const VariableHandle& self) { return self.variable->initialized(); })
      .def("kind", [](const VariableHandle& self) { return StrCat(self.variable->kind()); })
      .def(
          "init_queue",
          [](const py::object& self, size_t capacity) {
            return py::module_::import("paddle._core").attr("init_lod_tensor_blocking_queue")(self, capacity);
          },
          py::arg("capacity"), "Holds a queue of batches from now on; returns it.");
}

}  // namespace

void BindScope(py::module_& m) {
  BindVariable(m);
  py::class_<ScopeHandle>(m, "_Scope", "Named variables, with a chain of parent scopes.")
      .def(py::init([] {
        return ScopeHandle{std::make_shared<Scope>(), nullptr};
      }))
      .def(
          "var",
          [](const ScopeHandle& self, const py::object& name) {
            const std::string wanted = ToName(name);
            std::shared_ptr<Variable> variable;
            while (!(variable = self.scope->ShareLocal(wanted))) self.scope->Var(wanted);
            return VariableHandle{self, std::move(variable), wanted};
          },
          py::arg("name"), "The variable of that name in this scope, made when it is not there.")
      .def("find_var", Find, py::arg("name"), "The variable in this scope or the nearest parent that has it, or None.")
      .def("new_scope", [](const ScopeHandle& self) { return Child(self, self.scope->ShareNewChild()); })
      .def("drop_kids", [](const ScopeHandle& self) { self.scope->DropChildren(); })
      .def("_kids",
           [](const ScopeHandle& self) {
             py::list out;
             for (auto& child : self.scope->Children()) out.append(Child(self, std::move(child)));
             return out;
           })
      .def("_remove_from_pool", [](const ScopeHandle&) {})
      .def("local_var_names", [](const ScopeHandle& self) { return self.scope->LocalNames(); })
      .def(
          "erase",
          [](const ScopeHandle& self, const py::object& names) {
            for (const auto& name : ToNames(names)) self.scope->Erase(name);
          },
          py::arg("names"))
      .def(
          "__eq__", [](const ScopeHandle& self, const ScopeHandle& other) { return self.scope == other.scope; },
          py::is_operator())
      .def("__hash__", [](const ScopeHandle& self) { return std::hash<Scope*>()(self.scope.get()); })
      .def("_random_state", RandomState,
           "(key, number of runs so far, whether the key was drawn) of the scope's random numbers.")
      .def(
          "_set_random_state",
          [](const ScopeHandle& self, uint64_t seed, uint64_t step) { self.scope->set_random_state(seed, step); },
          py::arg("seed"), py::arg("step"));
  m.attr("Scope") = m.attr("_Scope");
  m.def(
      "random_state",
      [](const ScopeHandle& scope) {
        const auto state = scope.scope->random_state();
        return py::make_tuple(state.seed, state.step);
      },
      "(key, number of runs so far) of the scope's random numbers.");
  m.def("set_random_state",
        [](const ScopeHandle& scope, uint64_t seed, uint64_t step) { scope.scope->set_random_state(seed, step); });
}

}  // namespace paddle::bindings
