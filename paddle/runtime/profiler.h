#pragma once
// Records what each instruction of each run took.

#include <cstdint>
#include <string>
#include <vector>

namespace paddle {

struct ProfileEvent {
  std::string name;  // op type
  std::string line;  // the user's line that made the op
  uint64_t thread = 0;
  uint64_t begin_ns = 0, end_ns = 0;  // of the steady clock
};

// Starts recording in all executors. Recording costs about 50 ns an op; not recording costs nothing.
void StartProfiler();
void StopProfiler();
bool ProfilerRunning();
// Events so far, in the order in which they ended; ResetProfiler forgets them.
std::vector<ProfileEvent> ProfileEvents();
void ResetProfiler();

// The events in the Trace Event Format that Chrome's and Perfetto's viewers read.
std::string ChromeTrace(const std::vector<ProfileEvent>& events);

enum class ProfileOrder { kFirstCall, kCalls, kTotal, kMin, kMax, kAverage };
// A table by op: calls, total, average, least, most in ms, share of the whole.
std::string ProfileTable(const std::vector<ProfileEvent>& events, ProfileOrder order);

}  // namespace paddle
