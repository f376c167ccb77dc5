#include "paddle/device/parallel.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <xmmintrin.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>

#include "paddle/base/errors.h"
#include "paddle/device/cgroup.h"

namespace paddle {
namespace {

constexpr unsigned kFlushDenormals = 0x8040;  // flush-to-zero and denormals-are-zero

std::atomic<bool> g_forked{false};
thread_local int t_threads = 0;   // of the run that this thread is in; 0: in none
thread_local int t_prepared = 0;  // the count for which this thread's workers are ready; they belong to it

// OpenMP's workers do not survive a fork: a team of the child would wait for them. oneDNN opens its own.
void OnForkedChild() {
  g_forked = true;
  omp_set_num_threads(1);
}

// CPUs allowed by cgroup v2's quotas, rounded up; a large number when there is none.
int CgroupCpus() {
  int cpus = 1 << 20;
  for (const auto& value : CgroupValues("cpu.max")) {
    std::istringstream in(value);
    std::string quota;
    double period = 0;
    if (!(in >> quota >> period) || quota == "max" || period <= 0) continue;
    cpus = std::min(cpus, std::max(1, static_cast<int>(std::ceil(std::strtod(quota.c_str(), nullptr) / period))));
  }
  return cpus;
}

int AllowedThreads() {
  pthread_atfork(nullptr, nullptr, OnForkedChild);
  cpu_set_t set;
  const int cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
  int n = std::min(cpus, CgroupCpus());
  if (const char* env = std::getenv("OMP_NUM_THREADS")) {
    const int wanted = std::atoi(env);
    if (wanted >= 1) n = std::min(wanted, 1024);
  }
  return std::max(1, n);
}

std::atomic<int>& ThreadCount() {
  static std::atomic<int> count{AllowedThreads()};
  return count;
}

}  // namespace

int NumThreads() {
  if (g_forked.load(std::memory_order_relaxed)) return 1;
  return t_threads ? t_threads : ThreadCount().load(std::memory_order_relaxed);
}

void SetNumThreads(int n) {
  Require(n >= 1 && n <= 1024, "the number of threads must be in 1..1024, got ", n);
  ThreadCount() = n;
}

ParallelScope::ParallelScope(int threads) : saved_mode_(_mm_getcsr()), saved_threads_(t_threads) {
  _mm_setcsr(saved_mode_ | kFlushDenormals);
  t_threads = threads ? threads : NumThreads();
  Prepare();
}

ParallelScope::~ParallelScope() {
  _mm_setcsr(saved_mode_);
  t_threads = saved_threads_;
  if (t_threads) Prepare();
}

// The workers keep their mode, so this is needed once.
void ParallelScope::Prepare() {
  const int threads = NumThreads();
  if (t_prepared == threads || omp_in_parallel()) return;
  t_prepared = threads;
  omp_set_num_threads(threads);
  if (threads == 1) return;
#pragma omp parallel num_threads(threads)
  _mm_setcsr(_mm_getcsr() | kFlushDenormals);
}

void ParallelFor(int64_t n, int64_t grain, FunctionRef<void(int64_t, int64_t)> body) {
  if (n <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t parts = std::min<int64_t>(NumThreads(), n / grain);
  if (parts <= 1 || omp_in_parallel()) return body(0, n);
  std::exception_ptr error;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
#pragma omp parallel for num_threads(parts) schedule(static, 1)
  for (int64_t part = 0; part < parts; ++part) {
    try {
      body(n * part / parts, n * (part + 1) / parts);
    } catch (...) {
      if (!failed.test_and_set()) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

void ParallelTeam(int threads, FunctionRef<void(int, int)> body) {
  threads = std::min(threads, NumThreads());
  if (threads <= 1 || omp_in_parallel()) return body(0, 1);
#pragma omp parallel num_threads(threads)
  body(omp_get_thread_num(), omp_get_num_threads());
}

void SpinBarrier::Wait(int members, int64_t* round) {
  const int64_t complete = ++*round * members;
  arrived_.fetch_add(1, std::memory_order_acq_rel);
  for (int spins = 0; arrived_.load(std::memory_order_acquire) < complete; ++spins) {
    if (spins < 500)
      _mm_pause();
    else
      sched_yield();  // more threads than cores
  }
}

}  // namespace paddle
