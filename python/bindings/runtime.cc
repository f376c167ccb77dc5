#include "paddle/base/flags.h"
#include "paddle/device/buffer.h"
#include "paddle/device/parallel.h"
#include "paddle/runtime/profiler.h"
#include "python/bindings/bindings.h"

namespace paddle::bindings {

void BindRuntime(py::module_& m) {
  m.def("set_num_threads", SetNumThreads, "Threads that each run uses, 1 to 1024.");
  m.def("get_num_threads", NumThreads);
  m.def("flag", [](const std::string& name) { return GetFlag(name); });
  m.def("set_flag", [](const std::string& name, const std::string& value) { SetFlag(name, value); });
  m.def("all_flags", [] {
    py::dict flags;
    for (const Flag& flag : AllFlags()) flags[py::str("FLAGS_" + flag.name)] = py::make_tuple(flag.value, flag.doc, flag.ignored);
    return flags;
  }, "name -> (value, doc, ignored)");
  m.def("memory_stats", [] {
    const MemoryStats stats = CpuMemoryStats();
    py::dict out;
    out["in_use"] = stats.in_use;
    out["peak"] = stats.peak;
    out["allocations"] = stats.allocations;
    return out;
  }, "Bytes of tensors in use, their peak, and the number of allocations so far.");
  m.def("reset_peak_memory", ResetPeakMemory);

  m.def("start_profiler", StartProfiler);
  m.def("stop_profiler", StopProfiler);
  m.def("reset_profiler", ResetProfiler);
  m.def("is_profiler_enabled", ProfilerRunning);
  m.def("profiler_events", [] {
    py::list out;
    for (const auto& event : ProfileEvents()) out.append(py::make_tuple(event.name, event.thread, event.begin_ns, event.end_ns, event.line));
    return out;
  }, "List of (op, thread, begin ns, end ns, user's line).");
  m.def("profiler_chrome_trace", [] { return ChromeTrace(ProfileEvents()); });
  py::enum_<ProfileOrder>(m, "EventSortingKey")
      .value("kDefault", ProfileOrder::kFirstCall)
      .value("kCalls", ProfileOrder::kCalls)
      .value("kTotal", ProfileOrder::kTotal)
      .value("kMin", ProfileOrder::kMin)
      .value("kMax", ProfileOrder::kMax)
      .value("kAve", ProfileOrder::kAverage);
  m.def("profiler_table", [](ProfileOrder order) { return ProfileTable(ProfileEvents(), order); });
}

}  // namespace paddle::bindings
