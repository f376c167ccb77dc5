#include "paddle/runtime/executor.h"

#include <algorithm>

#include "paddle/base/flags.h"
#include "paddle/device/device.h"
#include "paddle/device/parallel.h"
#include "paddle/runtime/plan_text.h"

namespace paddle {
namespace {

constexpr size_t kMaxPlans = 64;
constexpr size_t kMaxIdleFrames = 2;  // of a plan, before one is bound to another scope

// A scope as the environment of a frame. Kept beside the frame, so that its address says which scope is bound.
class ScopeEnvironment final : public Environment {
 public:
  explicit ScopeEnvironment(Scope& scope) : scope_(scope) {}
  Variable* Find(const std::string& name) override { return scope_.Find(name); }
  // What a program makes belongs to the outermost scope, as parameters do.
  Variable& Make(const std::string& name) override {
    Scope* root = &scope_;
    while (root->parent()) root = root->parent();
    return root->Var(name);
  }
  uint64_t version() const override { return scope_.structure_version(); }
  Scope& scope() const { return scope_; }

 private:
  Scope& scope_;
};

// Around a run on a device.
class Turn {
 public:
  explicit Turn(const DeviceContext& context) : context_(context) { context_.BeginRun(); }
  ~Turn() { context_.EndRun(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  const DeviceContext& context_;
};

std::mutex g_hook_mutex;
std::shared_ptr<const InstructionHook> g_hook;
std::atomic<bool> g_hooked{false};

}  // namespace

class Executor::Prepared {
 public:
  uint64_t program = 0, edits = 0, passes = 0;
  int threads = 0;
  std::vector<std::string> feeds, fetches;
  std::shared_ptr<const Plan> plan;

  struct Bound {
    std::unique_ptr<DeviceContext> context;
    std::unique_ptr<ScopeEnvironment> environment;
    std::unique_ptr<Frame> frame;
  };
  std::mutex mutex;
  std::vector<Bound> free;

  bool Matches(const ProgramDesc& desc, std::span<const std::string> fed,
               const std::vector<std::string>& fetched) const {
    return program == desc.uid() && edits == desc.edits() && passes == PassesVersion() && threads == NumThreads() &&
           fetches == fetched && std::equal(feeds.begin(), feeds.end(), fed.begin(), fed.end());
  }
};

// A frame for one run, best one that was bound to the same scope before; goes back to the entry when done.
class Executor::FrameLease {
 public:
  FrameLease(std::shared_ptr<Prepared> entry, Scope& scope) : entry_(std::move(entry)) {
    std::scoped_lock lock(entry_->mutex);
    auto& free = entry_->free;
    auto best = std::find_if(free.begin(), free.end(),
                             [&](const auto& bound) { return &bound.environment->scope() == &scope; });
    if (best == free.end() && free.size() >= kMaxIdleFrames) best = free.begin();  // unused for the longest time
    if (best != free.end()) {
      bound_ = std::move(*best);
      free.erase(best);
    } else {
      bound_.context = MakeContext(entry_->plan->place);
      bound_.frame = std::make_unique<Frame>(entry_->plan, *bound_.context);
    }
    if (!bound_.environment || &bound_.environment->scope() != &scope)
      bound_.environment = std::make_unique<ScopeEnvironment>(scope);
  }
  ~FrameLease() {
    bound_.frame->Finish();
    std::scoped_lock lock(entry_->mutex);
    entry_->free.push_back(std::move(bound_));
  }
  FrameLease(const FrameLease&) = delete;
  FrameLease& operator=(const FrameLease&) = delete;

  const DeviceContext& context() { return *bound_.context; }
  Frame& frame() { return *bound_.frame; }
  Environment& environment() { return *bound_.environment; }

 private:
  std::shared_ptr<Prepared> entry_;
  Prepared::Bound bound_;
};

Executor::Executor(Place place) : place_(place), context_(MakeContext(place)) {}
Executor::~Executor() = default;

std::shared_ptr<Executor::Prepared> Executor::Prepare(const ProgramDesc& program, std::span<const std::string> feeds,
                                                      const std::vector<std::string>& fetches) {
  std::scoped_lock lock(mutex_);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i]->Matches(program, feeds, fetches)) continue;
    std::rotate(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(i),
                entries_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return entries_.front();
  }
  auto entry = std::make_shared<Prepared>();
  entry->program = program.uid();
  entry->edits = program.edits();
  entry->passes = PassesVersion();
  entry->threads = NumThreads();
  entry->feeds.assign(feeds.begin(), feeds.end());
  entry->fetches = fetches;
  PlanRequest request;
  request.feeds = entry->feeds;
  request.fetches = fetches;
  request.place = place_;
  entry->plan = BuildPlan(program, request);
  ++plans_built_;
  // Plans of earlier states of the same program cannot be used again.
  std::erase_if(entries_,
                [&](const auto& old) { return old->program == program.uid() && old->edits != program.edits(); });
  entries_.insert(entries_.begin(), entry);
  if (entries_.size() > kMaxPlans) entries_.pop_back();
  return entry;
}

std::vector<Variable> Executor::Run(const ProgramDesc& program, Scope& scope, std::span<const Feed> feeds,
                                    const std::vector<std::string>& fetches, uint64_t seed) {
  std::vector<std::string> names;
  std::vector<Tensor> tensors;
  names.reserve(feeds.size());
  tensors.reserve(feeds.size());
  for (const auto& feed : feeds) {
    names.push_back(feed.name);
    tensors.push_back(feed.tensor);
  }
  return Run(Prepare(program, names, fetches), scope, tensors, seed);
}

std::vector<Variable> Executor::Run(const std::shared_ptr<Prepared>& entry, Scope& scope, std::span<const Tensor> feeds,
                                    uint64_t seed) {
  const ParallelScope parallel(entry->threads);  // what its kernels prepared is for so many
  if (NumThreads() != entry->threads)
    throw Error("the program was prepared before the process was forked; prepare it again in the child");
  Require(feeds.size() == entry->feeds.size(), "the program was prepared for ", entry->feeds.size(), " feeds, got ",
          feeds.size());
  const Scope::Use use(scope);
  FrameLease lease(entry, scope);
  RunOptions options;
  if (entry->plan->uses_random) {
    const auto state = scope.NextRandomStep();
    options.random.seed = seed ? seed : state.seed;
    options.random.step = state.step;
  }
  options.check_nan_inf = CheckNanInfEnabled();
  std::shared_ptr<const InstructionHook> hook;
  if (g_hooked.load(std::memory_order_relaxed)) {
    std::scoped_lock lock(g_hook_mutex);
    hook = g_hook;
    options.hook = hook.get();
  }
  for (size_t i = 0; i < feeds.size(); ++i) {
    Require(feeds[i].initialized() || feeds[i].bytes() == 0, "the tensor fed for '", entry->feeds[i],
            "' holds no value");
    Require(feeds[i].place().is_cpu(), "the tensor fed for '", entry->feeds[i], "' is on ", feeds[i].place(),
            "; feed what is on the host");
    feeds[i].lod().CheckRows(feeds[i].rank() ? feeds[i].dim(0) : 0, entry->feeds[i].c_str());
  }
  const Turn turn(lease.context());
  lease.frame().Run(lease.environment(), feeds, options);
  std::vector<Variable> fetched;
  fetched.reserve(entry->fetches.size());
  for (size_t i = 0; i < entry->fetches.size(); ++i) fetched.push_back(lease.frame().Fetch(static_cast<int>(i)));
  return fetched;
}

std::string Executor::PlanText(const ProgramDesc& program, Scope& scope, const std::vector<std::string>& feeds,
                               const std::vector<std::string>& fetches) {
  const auto entry = Prepare(program, feeds, fetches);
  FrameLease lease(entry, scope);
  return ToText(lease.frame());
}

void Executor::Trim() {
  std::scoped_lock lock(mutex_);
  for (const auto& entry : entries_) {
    std::scoped_lock entry_lock(entry->mutex);
    for (auto& bound : entry->free) bound.frame->Trim();
  }
  CachingAllocator().Trim();
  context_->allocator().Trim();
}

void Executor::Close() {
  std::scoped_lock lock(mutex_);
  entries_.clear();
}

ExecutorStats Executor::stats() const {
  std::scoped_lock lock(mutex_);
  ExecutorStats stats;
  stats.plans_built = plans_built_;
  stats.plans_kept = entries_.size();
  for (const auto& entry : entries_) {
    std::scoped_lock entry_lock(entry->mutex);
    for (const auto& bound : entry->free) stats.arena_bytes += bound.frame->arena_bytes();
  }
  return stats;
}

void Executor::SetProfilerHook(InstructionHook hook) {
  std::scoped_lock lock(g_hook_mutex);
  g_hooked = static_cast<bool>(hook);
  g_hook = hook ? std::make_shared<const InstructionHook>(std::move(hook)) : nullptr;
}

}  // namespace paddle
