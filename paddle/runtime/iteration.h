#pragma once
// Runs of a block for the op that holds it: each has a frame, which a later step of the program uses again.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "paddle/runtime/frame.h"

namespace paddle {

// Memory for what frames need during a run only. Of one block one frame runs at a time, so all its frames share theirs.
class ArenaPool {
 public:
  BufferPtr& Of(const Plan& plan) { return buffers_[&plan]; }
  size_t bytes() const {
    size_t bytes = 0;
    for (const auto& entry : buffers_) bytes += entry.second ? entry.second->size() : 0;
    return bytes;
  }
  void Clear() {
    for (auto& entry : buffers_) entry.second.reset();
  }

 private:
  std::map<const Plan*, BufferPtr> buffers_;
};

// One run of a block, which may be kept until the run of its gradient block.
class Iteration final : public BlockRun, private Environment {
 public:
  Iteration(Frame& outer, const Instruction& instruction);

  void Give(const std::string& name, const Tensor& value) override;
  void Lend(const std::string& name, Variable* variable) override;
  bool Writes(const std::string& name) const override;
  void Run() override;
  const Variable* Taken(const std::string& name) override;

  // The number of the run that comes next, and whether its variables are kept.
  void Start(int number, bool keep);
  // For a gradient block: the run whose variables it reads.
  void SetForward(Iteration* forward);
  // What a variable of the block's own, or of a block in it, holds after the run; null when nothing was computed.
  const Variable* Fetched(const std::string& name);
  // Lets go of what was kept.
  void Finish();
  void Trim() { frame_.Trim(); }
  size_t arena_bytes() const { return frame_.arena_bytes(); }
  const Frame& frame() const { return frame_; }

 private:
  Variable* Find(const std::string& name) override;
  Variable& Make(const std::string& name) override;
  uint64_t version() const override { return outer_.binds_ + changes_; }
  struct Given;
  Given& FindGiven(const std::string& name);
  Variable* FindForBackward(const std::string& name);
  void TakeSnapshots(bool at_end);

  Frame& outer_;
  const Instruction& instruction_;
  Frame frame_;
  struct Given {
    Variable own;
    Variable* lent = nullptr;  // else it is `own`
    Variable& get() { return lent ? *lent : own; }
  };
  std::map<std::string, Given, std::less<>> given_;
  std::map<std::string, Variable, std::less<>> snapshots_;
  const uint64_t uid_;  // an address may be used again
  Iteration* forward_ = nullptr;
  uint64_t forward_uid_ = 0;
  uint64_t changes_ = 0;  // of what its variables are bound to
  int number_ = 0;
  bool keep_ = false;
};

// The runs of an op's block.
class Iterations {
 public:
  Iterations(Frame& outer, const Instruction& instruction) : outer_(outer), instruction_(instruction) {}

  const Plan& plan() const { return *instruction_.block; }
  int kept() const { return kept_; }
  // Before the op runs: nothing is kept any more.
  void Restart();
  Iteration& Next(bool keep);
  // Null when none was made yet.
  const Iteration* first() const { return all_.empty() ? nullptr : all_.front().get(); }
  // Number `index`, made when it is not there.
  Iteration& At(int index);
  void Finish();
  void Trim();
  size_t arena_bytes() const;
  // Of the latest Restart: what was kept before it is gone.
  uint64_t age() const { return age_; }

 private:
  Frame& outer_;
  const Instruction& instruction_;
  std::vector<std::unique_ptr<Iteration>> all_;
  int kept_ = 0, runs_ = 0;
  uint64_t age_ = 0;
};

// What a variable of step scopes holds. When it goes, the memory of what was kept goes back.
class KeptRuns {
 public:
  explicit KeptRuns(std::shared_ptr<Iterations> runs) : runs_(std::move(runs)), age_(runs_.lock()->age()) {}
  ~KeptRuns();
  KeptRuns(const KeptRuns&) = delete;
  KeptRuns& operator=(const KeptRuns&) = delete;
  // Null when they are gone.
  std::shared_ptr<Iterations> Get() const;

 private:
  std::weak_ptr<Iterations> runs_;
  uint64_t age_;
};

}  // namespace paddle
