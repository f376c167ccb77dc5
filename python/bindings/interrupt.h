#pragma once
// Ctrl-C while the GIL is released.

#include <csignal>

#include "python/bindings/bindings.h"

namespace paddle::bindings {

// While it lives in the main thread, Ctrl-C ends a run between two ops, and a wait for a batch. Only where Python would
// raise KeyboardInterrupt: a handler that the script installed gets the signal as ever, and the run goes on.
// Made and destroyed under the GIL.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  bool active_ = false;
};

}  // namespace paddle::bindings
