#pragma once
// How a signal handler ends a run: between two ops, or where one waits.

#include <atomic>

namespace paddle {

extern std::atomic<int> g_interrupted_thread;
bool TakeInterrupt();

// Asks for the end of what the thread with this id (gettid) runs. Async-signal-safe.
inline void RequestInterrupt(int thread) { g_interrupted_thread.store(thread, std::memory_order_relaxed); }

// True once after a request to the calling thread; the request is used up. Requests to other threads stay theirs.
inline bool InterruptRequested() {
  return g_interrupted_thread.load(std::memory_order_relaxed) != 0 && TakeInterrupt();
}

}  // namespace paddle
