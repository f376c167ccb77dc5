#include "paddle/runtime/executor.h"

#include <csignal>

#include "paddle/runtime/interrupt.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

struct sigaction g_previous;

void OnInterrupt(int signal) {
  RequestInterrupt();
  if (!(g_previous.sa_flags & SA_SIGINFO) && g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN) g_previous.sa_handler(signal);
}

// While a run of the main thread lasts, Ctrl-C ends it between two ops; Python's own handler still gets the signal.
class InterruptGuard {
 public:
  InterruptGuard() {
    const py::module_ threading = py::module_::import("threading");
    active_ = threading.attr("current_thread")().is(threading.attr("main_thread")());
    if (!active_) return;
    struct sigaction action = {};
    action.sa_handler = OnInterrupt;
    sigaction(SIGINT, &action, &g_previous);
  }
  ~InterruptGuard() {
    if (active_) sigaction(SIGINT, &g_previous, nullptr);
  }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  bool active_ = false;
};

std::vector<Variable> RunReleased(Executor& self, const ProgramDesc& program, Scope& scope, const std::vector<Feed>& feeds,
                                  const std::vector<std::string>& fetches, uint64_t seed) {
  py::gil_scoped_release release;
  return self.Run(program, scope, feeds, fetches, seed);
}

}  // namespace

void BindExecutor(py::module_& m) {
  py::class_<Executor>(m, "Executor")
      .def(py::init<Place>(), py::arg("place") = Place{})
      .def("run", [](Executor& self, const std::shared_ptr<ProgramDesc>& program, const py::object& scope, const py::dict& feed,
                     const std::vector<std::string>& fetch, uint64_t seed) {
        std::vector<Feed> feeds;
        feeds.reserve(feed.size());
        for (const auto& [name, tensor] : feed) feeds.push_back({name.cast<std::string>(), tensor.cast<const Tensor&>()});
        auto* target = reinterpret_cast<Scope*>(scope.attr("_address").cast<uintptr_t>());
        std::vector<Variable> fetched;
        {
          InterruptGuard guard;
          fetched = RunReleased(self, *program, *target, feeds, fetch, seed);
        }
        py::list out;
        for (Variable& variable : fetched) out.append(ToPython(std::move(variable)));
        return out;
      }, py::arg("program"), py::arg("scope"), py::arg("feed"), py::arg("fetch"), py::arg("seed") = 0)
      .def("plan_text", [](Executor& self, const std::shared_ptr<ProgramDesc>& program, const std::vector<std::string>& feeds,
                           const std::vector<std::string>& fetches, const py::object& scope) {
        auto* target = reinterpret_cast<Scope*>(scope.attr("_address").cast<uintptr_t>());
        return self.PlanText(*program, *target, feeds, fetches);
      }, py::arg("program"), py::arg("feed_names"), py::arg("fetch_names"), py::arg("scope"))
      .def("trim", &Executor::Trim)
      .def("close", &Executor::Close)
      .def("stats", [](const Executor& self) {
        const ExecutorStats stats = self.stats();
        py::dict out;
        out["plans_built"] = stats.plans_built;
        out["plans_kept"] = stats.plans_kept;
        out["arena_bytes"] = stats.arena_bytes;
        return out;
      });
}

}  // namespace paddle::bindings
