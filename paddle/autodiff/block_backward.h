#pragma once
// Writes the gradient ops of one block.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "paddle/autodiff/gradients.h"
#include "paddle/autodiff/path.h"
#include "paddle/autodiff/recompute.h"
#include "paddle/op/op_def.h"

namespace paddle {

// Walks the ops of a block backwards and asks each op's rule for its gradient ops. They are kept in a list: their names
// are settled only when all are there.
class BlockBackward final : public GradEnvironment {
 public:
  // Ops of gradient blocks, by block; they are put in place when the op that holds the block is.
  using Pending = std::map<int, std::vector<OpDesc>>;

  // `forward`: the block to differentiate; `target`: where the ops will go (the same one, or its gradient block).
  BlockBackward(const BlockDesc& forward, const BlockDesc& target, const std::set<std::string>& no_grad,
                Pending* pending);

  Gradients& gradients() { return gradients_; }
  // Writes the gradient ops of the ops in `path`.
  void Run(const std::vector<bool>& path, std::vector<Segment> segments);

  bool Wanted(const std::string& input) const override { return !no_grad_.contains(input); }
  bool HasGrad(const std::string& output) const override { return gradients_.Has(output); }
  std::optional<GradBlock> DifferentiateBlock(const BlockGradRequest& request) override;

 private:
  bool AnyOutputHasGrad(const OpDesc& op) const;
  void StartSegment(const Segment& segment);
  void Differentiate(size_t at, const Segment* segment);
  std::vector<OpDesc> GradOps(const OpDesc& op, const OpDef& def);
  void CheckNoGradientNeeded(const OpDesc& op, const OpDef& def) const;
  void AppendGradOp(size_t at, const OpDesc& op, OpDesc grad, const Segment* segment);
  void RenameInBlocks(OpDesc* op, const std::string& from, const std::string& to);
  std::vector<std::string> GiveTargets(const BlockGradRequest& request, BlockDesc* grad_block, BlockBackward* inner);
  void HandBack(const std::string& target, const std::string& given, bool before);

  const BlockDesc& forward_;
  const BlockDesc& target_;
  const std::set<std::string>& no_grad_;
  Pending* pending_;
  Gradients gradients_;
  Writers writers_;
  size_t at_ = 0;                   // the op that is differentiated
  std::set<std::string> started_;   // gradients that start in the block of that op
  std::set<std::string> restored_;  // names that gradient ops of the op at hand brought back to their former value
};

// Whether an op of this type can be differentiated without being written as simpler ops first.
bool HasGradient(const OpDef& def);

}  // namespace paddle
