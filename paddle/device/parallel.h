#pragma once
// Work on all cores: the one wrapper of OpenMP.

#include <atomic>
#include <cstdint>

#include "paddle/base/function_ref.h"

namespace paddle {

// Number of threads that parallel work uses: in a run, the run's own count; in a forked child 1; else what was set, at
// first as many as affinity and cgroup allow.
int NumThreads();
// Sets it for all later runs. Throws InvalidArgument unless 1 <= n <= 1024.
void SetNumThreads(int n);

// Prepares the calling thread and its workers for a run: thread count, denormals flushed to zero. The count stays the
// same while the object lives, whatever SetNumThreads says: kernels size their memory by it before they use it.
// The caller's floating point mode and count come back when the object dies.
class ParallelScope {
 public:
  // 0: NumThreads().
  explicit ParallelScope(int threads = 0);
  ~ParallelScope();
  ParallelScope(const ParallelScope&) = delete;
  ParallelScope& operator=(const ParallelScope&) = delete;

 private:
  static void Prepare();

  unsigned saved_mode_;
  int saved_threads_;
};

// Calls body(begin, end) on disjoint ranges that cover [0, n), each of at least `grain` elements but the last.
// Serial when nested, when n <= grain, and in a forked child. The first exception of any range is thrown to the caller.
// The ranges depend on n, grain and the thread count only.
void ParallelFor(int64_t n, int64_t grain, FunctionRef<void(int64_t, int64_t)> body);

// Calls body(member, size) for each member in [0, size) at the same time, one thread each, so that members may wait for
// each other. `size` is `threads` or, where fewer can be had (nested, in a forked child), less. The body must not
// throw.
void ParallelTeam(int threads, FunctionRef<void(int, int)> body);

// Where the members of a team wait for each other: a few hundred nanoseconds when all arrive together.
class alignas(64) SpinBarrier {
 public:
  // Returns when `members` threads have called it. `round` counts the caller's calls and starts at 0.
  void Wait(int members, int64_t* round);

 private:
  std::atomic<int64_t> arrived_{0};
};

}  // namespace paddle
