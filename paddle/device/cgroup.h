#pragma once
// Limits that the system sets to this process.

#include <string>
#include <string_view>
#include <vector>

namespace paddle {

// The first line of `file` (say memory.max) in the process' own control group and each group around it, where it is
// there: cgroup v2, mounted at /sys/fs/cgroup.
std::vector<std::string> CgroupValues(std::string_view file);

}  // namespace paddle
