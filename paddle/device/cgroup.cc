#include "paddle/device/cgroup.h"

#include <fstream>

namespace paddle {
namespace {

// "0::/user.slice/..." is the line of version 2. Inside a container it is often "/" or leads out of what is mounted.
std::string OwnGroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::/")) return line.substr(3);
  return "/";
}

}  // namespace

std::vector<std::string> CgroupValues(std::string_view file) {
  std::vector<std::string> values;
  std::string group = OwnGroup();
  while (true) {
    if (!group.ends_with('/')) group += '/';
    std::ifstream in("/sys/fs/cgroup" + group + std::string(file));
    if (std::string line; std::getline(in, line)) values.push_back(line);
    if (group == "/") return values;
    group.pop_back();
    group.resize(group.rfind('/') + 1);
  }
}

}  // namespace paddle
