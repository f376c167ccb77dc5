#pragma once
// Runs programs over scopes.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "paddle/runtime/frame.h"
#include "paddle/runtime/plan.h"

namespace paddle {

struct Feed {
  std::string name;
  Tensor tensor;
};

struct ExecutorStats {
  uint64_t plans_built = 0;
  uint64_t plans_kept = 0;
  size_t arena_bytes = 0;
};

// Prepares each program on its first run and keeps the plan in a bounded cache. Safe to use from many threads at once;
// runs of the same program over the same scope at the same time are the caller's to order.
class Executor {
 public:
  explicit Executor(Place place = {});
  ~Executor();

  // A program made ready to run with these feeds and fetches. It does not refer to the ProgramDesc any more.
  class Prepared;
  // From the cache when the program was prepared before. The program must not be edited meanwhile.
  std::shared_ptr<Prepared> Prepare(const ProgramDesc& program, std::span<const std::string> feeds,
                                    const std::vector<std::string>& fetches);
  // `feeds`: in the order of the names given to Prepare. The rest is as below.
  std::vector<Variable> Run(const std::shared_ptr<Prepared>& prepared, Scope& scope, std::span<const Tensor> feeds,
                            uint64_t seed = 0);

  // Runs block 0 and returns the fetched values, which belong to the caller.
  // Without a `seed` the scope's random state is used; with one (not 0), it is the key instead of the scope's.
  std::vector<Variable> Run(const ProgramDesc& program, Scope& scope, std::span<const Feed> feeds,
                            const std::vector<std::string>& fetches, uint64_t seed = 0);

  // The plan as text: passes applied, instructions with their values, memory offsets of the last run over `scope`.
  std::string PlanText(const ProgramDesc& program, Scope& scope, const std::vector<std::string>& feeds,
                       const std::vector<std::string>& fetches);

  // Gives arenas and cached blocks back to the system.
  void Trim();
  // Forgets all plans.
  void Close();
  ExecutorStats stats() const;
  Place place() const { return place_; }

  // Called after each instruction of each run while set; null: not profiled.
  static void SetProfilerHook(InstructionHook hook);

 private:
  class FrameLease;

  Place place_;
  std::unique_ptr<DeviceContext> context_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Prepared>> entries_;  // the last used first
  uint64_t plans_built_ = 0;
};

}  // namespace paddle
