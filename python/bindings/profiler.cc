#include "paddle/runtime/profiler.h"

#include "paddle/base/errors.h"
#include "paddle/base/stream.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {
namespace {

enum class State { kDisabled, kCpu, kCuda, kAll };
enum class TracerOption { kDefault, kOpDetail, kAllOpDetail };

void Enable(State state) {
  Require(state != State::kDisabled, "enable_profiler(kDisabled) makes no sense; use disable_profiler");
  if (state == State::kCuda) throw Unimplemented("this build runs on the CPU only: profile with state 'CPU' or 'All'");
  StartProfiler();
}

// Prints the table and writes the trace, as Fluid does; an empty path writes nothing.
void Disable(ProfileOrder order, const std::string& path) {
  StopProfiler();
  const auto events = ProfileEvents();
  py::print(ProfileTable(events, order));
  if (!path.empty()) WriteFile(path, ChromeTrace(events));
}

py::list Events() {
  py::list out;
  for (const auto& event : ProfileEvents())
    out.append(py::make_tuple(event.name, event.thread, event.begin_ns, event.end_ns, event.line));
  return out;
}

}  // namespace

void BindProfiler(py::module_& m) {
  py::enum_<State>(m, "ProfilerState")
      .value("kDisabled", State::kDisabled)
      .value("kCPU", State::kCpu)
      .value("kCUDA", State::kCuda)
      .value("kAll", State::kAll);
  py::enum_<TracerOption>(m, "TracerOption")
      .value("kDefault", TracerOption::kDefault)
      .value("kOpDetail", TracerOption::kOpDetail)
      .value("kAllOpDetail", TracerOption::kAllOpDetail);
  py::enum_<ProfileOrder>(m, "EventSortingKey")
      .value("kDefault", ProfileOrder::kFirstCall)
      .value("kCalls", ProfileOrder::kCalls)
      .value("kTotal", ProfileOrder::kTotal)
      .value("kMin", ProfileOrder::kMin)
      .value("kMax", ProfileOrder::kMax)
      .value("kAve", ProfileOrder::kAverage);
  m.def("enable_profiler", Enable, py::arg("state") = State::kAll);
  m.def("disable_profiler", Disable, py::arg("sorted_key") = ProfileOrder::kFirstCall, py::arg("path") = "",
        "Stops, prints a table by op, and writes a trace for Chrome's or Perfetto's viewer to `path`.");
  m.def(
      "set_tracer_option", [](TracerOption) {}, "Accepted: each op is one event always.");
  m.def("start_profiler", StartProfiler);
  m.def("stop_profiler", StopProfiler);
  m.def("reset_profiler", ResetProfiler);
  m.def("is_profiler_enabled", ProfilerRunning);
  m.def("profiler_events", Events, "List of (op, thread, begin ns, end ns, user's line).");
  m.def("profiler_chrome_trace", [] { return ChromeTrace(ProfileEvents()); });
  m.def(
      "profiler_table", [](ProfileOrder order) { return ProfileTable(ProfileEvents(), order); },
      py::arg("sorted_key") = ProfileOrder::kFirstCall);
}

}  // namespace paddle::bindings
