#include "paddle/runtime/interrupt.h"

namespace paddle {

std::atomic<bool> g_interrupt_requested{false};

}  // namespace paddle
