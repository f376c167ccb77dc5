#include "paddle/runtime/profiler.h"

#include <algorithm>
#include <functional>
#include <iomanip>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "paddle/runtime/executor.h"

namespace paddle {
namespace {

struct Recorder {
  std::mutex mutex;
  bool running = false;
  std::vector<ProfileEvent> events;
};

Recorder& TheRecorder() {
  static auto* recorder = new Recorder;
  return *recorder;
}

void Record(const Instruction& instruction, uint64_t begin_ns, uint64_t end_ns) {
  ProfileEvent event{std::string(instruction.def->name), instruction.desc.UserLine(),
                     std::hash<std::thread::id>{}(std::this_thread::get_id()), begin_ns, end_ns};
  Recorder& recorder = TheRecorder();
  std::scoped_lock lock(recorder.mutex);
  recorder.events.push_back(std::move(event));
}

std::string JsonText(const std::string& text) {
  std::ostringstream out;
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\')
      out << '\\' << c;
    else if (c < 0x20)
      out << "\\u" << std::hex << std::setw(4) << std::setfill('0') << static_cast<int>(c) << std::dec;
    else
      out << c;
  }
  return std::move(out).str();
}

struct Row {
  std::string name;
  uint64_t calls = 0, total = 0, least = UINT64_MAX, most = 0;
  double average() const { return static_cast<double>(total) / static_cast<double>(calls); }
};

std::vector<Row> RowsByOp(const std::vector<ProfileEvent>& events) {
  std::vector<Row> rows;
  std::map<std::string, size_t> index;
  for (const auto& event : events) {
    const auto [at, fresh] = index.emplace(event.name, rows.size());
    if (fresh) rows.push_back({event.name});
    Row& row = rows[at->second];
    const uint64_t ns = event.end_ns - event.begin_ns;
    ++row.calls;
    row.total += ns;
    row.least = std::min(row.least, ns);
    row.most = std::max(row.most, ns);
  }
  return rows;
}

double SortKey(const Row& row, ProfileOrder order) {
  switch (order) {
    case ProfileOrder::kFirstCall:
      return 0;
    case ProfileOrder::kCalls:
      return static_cast<double>(row.calls);
    case ProfileOrder::kTotal:
      return static_cast<double>(row.total);
    case ProfileOrder::kMin:
      return static_cast<double>(row.least);
    case ProfileOrder::kMax:
      return static_cast<double>(row.most);
    case ProfileOrder::kAverage:
      return row.average();
  }
  return 0;
}

}  // namespace

void StartProfiler() {
  Recorder& recorder = TheRecorder();
  {
    std::scoped_lock lock(recorder.mutex);
    recorder.running = true;
  }
  Executor::SetProfilerHook(Record);
}

void StopProfiler() {
  Executor::SetProfilerHook(nullptr);
  Recorder& recorder = TheRecorder();
  std::scoped_lock lock(recorder.mutex);
  recorder.running = false;
}

bool ProfilerRunning() {
  Recorder& recorder = TheRecorder();
  std::scoped_lock lock(recorder.mutex);
  return recorder.running;
}

std::vector<ProfileEvent> ProfileEvents() {
  Recorder& recorder = TheRecorder();
  std::scoped_lock lock(recorder.mutex);
  return recorder.events;
}

void ResetProfiler() {
  Recorder& recorder = TheRecorder();
  std::scoped_lock lock(recorder.mutex);
  recorder.events.clear();
}

std::string ChromeTrace(const std::vector<ProfileEvent>& events) {
  uint64_t start = UINT64_MAX;
  for (const auto& event : events) start = std::min(start, event.begin_ns);
  std::map<uint64_t, int> threads;
  std::ostringstream out;
  out << std::fixed << std::setprecision(3) << "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [";
  for (size_t i = 0; i < events.size(); ++i) {
    const ProfileEvent& event = events[i];
    const int thread = threads.emplace(event.thread, static_cast<int>(threads.size())).first->second;
    out << (i ? ",\n" : "\n") << "{\"ph\": \"X\", \"cat\": \"op\", \"name\": \"" << JsonText(event.name)
        << "\", \"pid\": 0, \"tid\": " << thread << ", \"ts\": " << static_cast<double>(event.begin_ns - start) / 1e3
        << ", \"dur\": " << static_cast<double>(event.end_ns - event.begin_ns) / 1e3 << ", \"args\": {\"line\": \""
        << JsonText(event.line) << "\"}}";
  }
  out << "\n]}\n";
  return std::move(out).str();
}

std::string ProfileTable(const std::vector<ProfileEvent>& events, ProfileOrder order) {
  auto rows = RowsByOp(events);
  uint64_t total = 0;
  for (const Row& row : rows) total += row.total;
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Row& a, const Row& b) { return SortKey(a, order) > SortKey(b, order); });
  std::ostringstream out;
  out << std::left << std::setw(36) << "op" << std::right << std::setw(10) << "calls" << std::setw(12) << "total ms"
      << std::setw(12) << "average" << std::setw(12) << "least" << std::setw(12) << "most" << std::setw(9) << "share"
      << '\n';
  out << std::fixed;
  for (const Row& row : rows)
    out << std::left << std::setw(36) << row.name << std::right << std::setw(10) << row.calls << std::setprecision(4)
        << std::setw(12) << static_cast<double>(row.total) / 1e6 << std::setw(12) << row.average() / 1e6
        << std::setw(12) << static_cast<double>(row.least) / 1e6 << std::setw(12) << static_cast<double>(row.most) / 1e6
        << std::setprecision(1) << std::setw(8)
        << (total ? 100.0 * static_cast<double>(row.total) / static_cast<double>(total) : 0.0) << "%\n";
  return std::move(out).str();
}

}  // namespace paddle
