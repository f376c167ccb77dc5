#pragma once
// The library's own switches, in one table. Each is read once from the environment (FLAGS_<name>) and may be set later.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace paddle {

struct Flag {
  std::string name;   // without the FLAGS_ prefix
  std::string value;  // as text: "0"/"1" for switches, a number, or a string
  std::string doc;    // empty where a Fluid flag has no meaning here: accepted and ignored
  bool ignored = false;
};

// All switches, ours first, then the flags of Fluid 1.8 that are accepted and ignored.
std::vector<Flag> AllFlags();

// The text value of a switch. Throws NotFound for an unknown name.
std::string GetFlag(std::string_view name);
void SetFlag(std::string_view name, std::string_view value);

// Switches that hot paths read: plain loads.
bool CheckNanInfEnabled();
bool RecomputeGatesEnabled();
// Upper limit in bytes for memory taken by tensors; 0 means the cgroup's or the machine's.
size_t MemoryLimitBytes();
// Whether that pass is among those of the switch skip_passes; and a number that moves when a switch is set that passes
// depend on, for what keeps plans.
bool SkipsPass(std::string_view pass);
uint64_t PassesVersion();

}  // namespace paddle
