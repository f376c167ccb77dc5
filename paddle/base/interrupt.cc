#include "paddle/base/interrupt.h"

#include <unistd.h>

namespace paddle {

std::atomic<int> g_interrupted_thread{0};

bool TakeInterrupt() {
  int own = gettid();
  return g_interrupted_thread.compare_exchange_strong(own, 0);
}

}  // namespace paddle
