#include "paddle/tensor/scope.h"

#include "paddle/tensor/blocking_queue.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

using ScopePtr = std::shared_ptr<Scope>;

// A child keeps its root alive.
struct ScopeRef {
  ScopePtr root;
  Scope* scope;
};

// A variable with what keeps it alive. Erasing it from the scope while Python holds it is the caller's mistake that must not crash:
// each access looks it up again by name.
struct VariableRef {
  ScopeRef owner;
  std::string name;

  Variable& get() const {
    Variable* found = owner.scope->FindLocal(name);
    if (!found) throw NotFound(StrCat("variable '", name, "' was erased from its scope"));
    return *found;
  }
};

py::object Find(const ScopeRef& self, const std::string& name) {
  for (Scope* scope = self.scope; scope; scope = scope->parent())
    if (scope->FindLocal(name)) return py::cast(VariableRef{{self.root, scope}, name});
  return py::none();
}

template <class T>
T& Held(const VariableRef& self) {
  Variable& variable = self.get();
  if (!variable.holds<T>()) {
    variable.Become<T>();
    self.owner.scope->MarkChanged();
  }
  return variable.get<T>();
}

template <class T>
void SetScalar(const VariableRef& self, T value) {
  Tensor& tensor = Held<Tensor>(self);
  tensor.Allocate({1}, DTypeOf<T>(), SystemAllocator());
  *tensor.mutable_data<T>() = value;
}

template <class T>
T GetScalar(const VariableRef& self) {
  const Tensor& tensor = self.get().get<Tensor>();
  Require(tensor.initialized() && tensor.numel() == 1, "variable '", self.name, "' does not hold one number");
  return *tensor.data<T>();
}

}  // namespace

void BindScope(py::module_& m) {
  py::class_<VariableRef>(m, "Variable")
      .def("name", [](const VariableRef& self) { return self.name; })
      .def("get_tensor", [](const VariableRef& self) { return &Held<Tensor>(self); }, py::return_value_policy::reference_internal,
           "The LoDTensor held; an empty variable becomes one.")
      .def("get_selected_rows", [](const VariableRef& self) { return &Held<SelectedRows>(self); }, py::return_value_policy::reference_internal)
      .def("get_lod_tensor_array", [](const VariableRef& self) { return &Held<TensorArray>(self); }, py::return_value_policy::reference_internal)
      .def("is_int", [](const VariableRef& self) { return self.get().holds<Tensor>() && self.get().meta().dtype == DType::kInt32; })
      .def("is_float", [](const VariableRef& self) { return self.get().holds<Tensor>() && self.get().meta().dtype == DType::kFloat32; })
      .def("set_int", SetScalar<int32_t>)
      .def("get_int", GetScalar<int32_t>)
      .def("set_float", SetScalar<float>)
      .def("get_float", GetScalar<float>)
      .def("is_initialized", [](const VariableRef& self) { return self.get().initialized(); })
      .def("kind", [](const VariableRef& self) { return StrCat(self.get().kind()); })
      .def("init_queue", [](const VariableRef& self, size_t capacity) {
        auto init = py::module_::import("paddle._core").attr("make_queue");
        py::object queue = init(capacity);
        self.get().Become<Opaque>().value = queue.cast<std::shared_ptr<BlockingQueue>>();
        self.owner.scope->MarkChanged();
        return queue;
      }, "Holds a queue of batches from now on; returns it.");
  py::class_<ScopeRef>(m, "_Scope")
      .def(py::init([] {
        auto root = std::make_shared<Scope>();
        Scope* scope = root.get();
        return ScopeRef{std::move(root), scope};
      }))
      .def("var", [](const ScopeRef& self, const std::string& name) {
        self.scope->Var(name);
        return VariableRef{self, name};
      })
      .def("find_var", Find)
      .def("new_scope", [](const ScopeRef& self) { return ScopeRef{self.root, &self.scope->NewChild()}; })
      .def("drop_kids", [](const ScopeRef& self) { self.scope->DropChildren(); })
      .def("_kids", [](const ScopeRef& self) {
        py::list out;
        for (Scope* child : self.scope->Children()) out.append(ScopeRef{self.root, child});
        return out;
      })
      .def("_remove_from_pool", [](const ScopeRef&) {})
      .def("local_var_names", [](const ScopeRef& self) { return self.scope->LocalNames(); })
      .def("erase", [](const ScopeRef& self, const std::vector<std::string>& names) {
        for (const auto& name : names) self.scope->Erase(name);
      })
      .def("__eq__", [](const ScopeRef& a, const ScopeRef& b) { return a.scope == b.scope; })
      .def("__hash__", [](const ScopeRef& self) { return std::hash<Scope*>()(self.scope); })
      .def("_random_state", [](const ScopeRef& self) {
        const auto state = self.scope->random_state();
        return py::make_tuple(state.seed, state.step, state.seeded);
      })
      .def("_set_random_state", [](const ScopeRef& self, uint64_t seed, uint64_t step) { self.scope->set_random_state(seed, step); })
      .def_property_readonly("_address", [](const ScopeRef& self) { return reinterpret_cast<uintptr_t>(self.scope); });
  m.attr("Scope") = m.attr("_Scope");
  m.def("random_state", [](const ScopeRef& scope) {
    const auto state = scope.scope->random_state();
    return py::make_tuple(state.seed, state.step);
  }, "(key, number of runs so far) of the scope's random numbers.");
  m.def("set_random_state", [](const ScopeRef& scope, uint64_t seed, uint64_t step) { scope.scope->set_random_state(seed, step); });
}

}  // namespace paddle::bindings
