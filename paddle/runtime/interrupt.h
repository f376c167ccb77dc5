#pragma once
// How a signal handler ends a run between two ops.

#include <atomic>

namespace paddle {

extern std::atomic<bool> g_interrupt_requested;

// True once after RequestInterrupt; the request is used up.
inline bool InterruptRequested() {
  return g_interrupt_requested.load(std::memory_order_relaxed) && g_interrupt_requested.exchange(false);
}

// Async-signal-safe.
inline void RequestInterrupt() { g_interrupt_requested.store(true, std::memory_order_relaxed); }

}  // namespace paddle
