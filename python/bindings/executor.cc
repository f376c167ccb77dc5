#include "paddle/runtime/executor.h"

#include <algorithm>

#include "python/bindings/convert.h"
#include "python/bindings/feed_fetch.h"
#include "python/bindings/interrupt.h"
#include "python/bindings/scope.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

py::list Run(Executor& self, const ProgramPtr& program, const ScopeHandle& scope, const py::dict& feed,
             const py::object& fetch, uint64_t seed) {
  std::vector<Feed> feeds;
  feeds.reserve(feed.size());
  for (const auto& [name, tensor] : feed) feeds.push_back({ToName(name), FedTensor(name, tensor)});
  // One plan whatever the dict's order.
  std::sort(feeds.begin(), feeds.end(), [](const Feed& a, const Feed& b) { return a.name < b.name; });
  std::vector<std::string> names;
  std::vector<Tensor> tensors;
  for (auto& one : feeds) {
    names.push_back(std::move(one.name));
    tensors.push_back(std::move(one.tensor));
  }
  // Prepared under the GIL: no other thread can edit the program meanwhile.
  const auto prepared = self.Prepare(*program, names, ToNames(fetch));
  std::vector<Variable> fetched;
  {
    const InterruptGuard guard;
    const Scope::Use use(*scope.scope);
    const py::gil_scoped_release release;
    fetched = self.Run(prepared, *scope.scope, tensors, seed);
  }
  py::list out;
  for (Variable& variable : fetched) out.append(ToPython(std::move(variable)));
  return out;
}

py::dict Stats(const Executor& self) {
  const ExecutorStats stats = self.stats();
  py::dict out;
  out["plans_built"] = stats.plans_built;
  out["plans_kept"] = stats.plans_kept;
  out["arena_bytes"] = stats.arena_bytes;
  return out;
}

}  // namespace

void BindExecutor(py::module_& m) {
  py::class_<Executor> executor(m, "Executor", "Runs programs over scopes. Safe to use from many threads.");
  executor.def(py::init<Place>(), py::arg("place") = Place{})
      .def("run", Run, py::arg("program"), py::arg("scope"), py::arg("feed"), py::arg("fetch"), py::arg("seed") = 0,
           "Runs block 0 and returns the fetched values: LoDTensor, SelectedRows or LoDTensorArray. The GIL is free "
           "meanwhile.")
      .def(
          "plan_text",
          [](Executor& self, const ProgramPtr& program, const py::object& feeds, const py::object& fetches,
             const ScopeHandle& scope) {
            std::vector<std::string> names = ToNames(feeds);
            std::sort(names.begin(), names.end());
            return self.PlanText(*program, *scope.scope, names, ToNames(fetches));
          },
          py::arg("program"), py::arg("feed_names"), py::arg("fetch_names"), py::arg("scope"))
      // The GIL stays held: released memory may belong to Python.
      .def("trim", &Executor::Trim, "Gives the memory that plans keep back to the system.")
      .def("close", &Executor::Close, "Forgets all plans.")
      .def("stats", Stats);
  BindExecutorColumns(executor);
}

}  // namespace paddle::bindings
