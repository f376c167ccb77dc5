#pragma once
// The blocks of a program that is made into plans.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "paddle/program/outer_use.h"
#include "paddle/runtime/plan.h"

namespace paddle {

// What gradient blocks use of their forward block.
struct BackwardUse {
  NameSet own, outer;
};

// What the plans of all blocks of a program share. VerifyNesting must hold for it.
class Blocks {
 public:
  // `feeds`: the names fed to block 0. `fetches`: those wanted after the run, of variables in any block.
  Blocks(const ProgramDesc& program, const std::vector<std::string>& feeds, const std::vector<std::string>& fetches);

  OuterUse UseOf(const OpDesc& op, int block);
  // Whether the block, or one in it, has an op that must run.
  bool HasEffect(int block);
  // The number of the block's first op among all ops of the program.
  uint32_t FirstOp(int block) const { return first_op_[block]; }
  // Whether ops on the device use the variable, in any block. Outside of plans such variables live on the device, and
  // all others on the host; so do those that a block writes.
  bool OnDevice(const std::string& name) const { return device_names_.contains(name); }
  // Whether the name, where it is of a variable outside the plan, is of a persistable one that is neither written by
  // any block nor fed.
  bool IsWeight(const std::string& name) const { return weights_.contains(name); }
  // What the gradient blocks of that block use of it: its own variables, and outer ones that it writes and they do not.
  const BackwardUse& BackwardUseOf(int block);
  // What is fetched of the block's own variables; of these and of those of the blocks in it; of any block but the
  // first.
  const NameSet& FetchedOf(int block) const { return fetched_[block]; }
  NameSet FetchedWithin(int block) const;
  bool IsFetchedWithin(const std::string& name) const {
    return !fetched_[0].contains(name) && FetchedWithin(0).contains(name);
  }
  // Null until it was made.
  std::shared_ptr<const Plan>& PlanOf(int block) { return plans_[block]; }

 private:
  const ProgramDesc& program_;
  OuterUses uses_;
  std::vector<std::optional<bool>> effects_;
  std::optional<std::vector<BackwardUse>> backward_;
  std::vector<uint32_t> first_op_;
  NameSet device_names_, weights_;
  std::vector<NameSet> fetched_;
  std::vector<std::shared_ptr<const Plan>> plans_;
};

}  // namespace paddle
