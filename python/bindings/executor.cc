#include "paddle/runtime/executor.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "paddle/runtime/interrupt.h"
#include "python/bindings/convert.h"
#include "python/bindings/scope.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

struct sigaction g_previous;

void OnInterrupt(int signal) {
  RequestInterrupt();
  g_previous.sa_handler(signal);
}

// While a run of the main thread lasts, Ctrl-C ends it between two ops. Only where Python would raise
// KeyboardInterrupt: a handler that the script installed gets the signal as ever, and the run goes on.
class InterruptGuard {
 public:
  InterruptGuard() {
    if (getpid() != gettid() || !PythonWouldRaise()) return;
    struct sigaction action = {};
    action.sa_handler = OnInterrupt;
    if (sigaction(SIGINT, nullptr, &g_previous) != 0 || (g_previous.sa_flags & SA_SIGINFO) ||
        g_previous.sa_handler == SIG_DFL || g_previous.sa_handler == SIG_IGN || g_previous.sa_handler == OnInterrupt)
      return;
    active_ = sigaction(SIGINT, &action, nullptr) == 0;
  }
  ~InterruptGuard() {
    if (!active_) return;
    sigaction(SIGINT, &g_previous, nullptr);
    InterruptRequested();  // one that came too late must not end the next run
  }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  static bool PythonWouldRaise() {
    static const auto* names = new std::pair<py::object, py::object>(
        py::module_::import("_signal").attr("getsignal"), py::module_::import("_signal").attr("default_int_handler"));
    return names->first(SIGINT).is(names->second);
  }

  bool active_ = false;
};

py::list Run(Executor& self, const ProgramPtr& program, const ScopeHandle& scope, const py::dict& feed,
             const py::object& fetch, uint64_t seed) {
  std::vector<Feed> feeds;
  feeds.reserve(feed.size());
  for (const auto& [name, tensor] : feed) {
    if (!py::isinstance<TensorHandle>(tensor))
      throw InvalidArgument(StrCat("feed '", ToName(name), "': expected a LoDTensor, got ",
                                   py::repr(py::type::of(tensor)).cast<std::string>()));
    feeds.push_back({ToName(name), tensor.cast<const TensorHandle&>().get()});
  }
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
  py::class_<Executor>(m, "Executor", "Runs programs over scopes. Safe to use from many threads.")
      .def(py::init<Place>(), py::arg("place") = Place{})
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
}

}  // namespace paddle::bindings
